/** Where the page of a thing is. */
import type { RouteLocationRaw } from 'vue-router'

const ROUTES: Record<string, string> = {
  instance: 'instance',
  volume: 'volume',
  network: 'network',
  security_group: 'security-group',
  request: 'request',
  operation: 'operation',
}
const LISTS: Record<string, string> = {
  snapshot: 'snapshots',
  image: 'images',
  flavor: 'flavors',
  project: 'projects',
  application: 'projects',
  user: 'people',
  department: 'people',
  host: 'hosts',
  quota: 'quotas',
}

export function linkTo(type: string, id: string | null | undefined): RouteLocationRaw | null {
  if (!id) return null
  const name = ROUTES[type]
  if (name) return { name, params: { id } }
  const list = LISTS[type]
  return list ? { name: list, query: { focus: id } } : null
}
