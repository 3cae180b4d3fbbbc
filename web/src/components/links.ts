/** Where the page of a thing is, as a path: tables make hundreds of links, and need no router to name them. */
const PAGES: Record<string, string> = {
  instance: '/instances/',
  volume: '/volumes/',
  bucket: '/buckets/',
  network: '/networks/',
  security_group: '/security-groups/',
  request: '/requests/',
  operation: '/operations/',
}
const LISTS: Record<string, string> = {
  snapshot: '/snapshots',
  volume_snapshot: '/snapshots?tab=volumes',
  floating_address: '/networks?tab=floating',
  image: '/images',
  flavor: '/flavors',
  project: '/projects?tab=projects',
  application: '/projects',
  user: '/people',
  department: '/people',
  provider: '/providers',
  host: '/hosts',
  storage_pool: '/hosts',
  drift: '/drifts',
  quota: '/quotas',
}

export function linkTo(type: string, id: string | null | undefined): string | null {
  if (!id) return null
  const page = PAGES[type]
  if (page) return page + encodeURIComponent(id)
  const list = LISTS[type]
  return list ? `${list}${list.includes('?') ? '&' : '?'}focus=${encodeURIComponent(id)}` : null
}
