/** The capacity tree as rows of a table, with sums at every level. */
export interface HostLeaf {
  id: string
  name: string
  state: string
  health: string
  vcpus: number
  vcpus_allocated: number
  vcpus_limit: number
  memory_mib: number
  memory_allocated_mib: number
  memory_limit_mib: number
  instances: number
}
export type PlaceKind = 'site' | 'zone' | 'host_pool'
export const PATHS: Record<PlaceKind, string> = { site: '/sites', zone: '/zones', host_pool: '/host-pools' }
/** What a place's dialog begins with. */
export interface Place {
  id: string
  name: string
  kind: PlaceKind
  ratios?: { vcpu_ratio: number; memory_ratio: number; disk_ratio: number }
}
export interface PoolNode {
  id: string
  name: string
  vcpu_ratio: number
  memory_ratio: number
  disk_ratio: number
  hosts: HostLeaf[]
}
export interface SiteNode {
  id: string
  name: string
  zones: { id: string; name: string; host_pools: PoolNode[] }[]
}
interface Measure {
  allocated: number
  total: number
}
export interface HostRow {
  id: string
  name: string
  kind: 'site' | 'zone' | 'host_pool' | 'host'
  depth: number
  hosts: number
  instances: number
  vcpus: Measure
  memory: Measure
  state?: string
  health?: string
  ratio?: string
  ratios?: Place['ratios']
}

const sum = (hosts: HostLeaf[], of: (host: HostLeaf) => number) => hosts.reduce((total, host) => total + of(host), 0)

function branch(id: string, name: string, kind: HostRow['kind'], depth: number, hosts: HostLeaf[]): HostRow {
  return {
    id, name, kind, depth,
    hosts: hosts.length,
    instances: sum(hosts, (h) => h.instances),
    vcpus: { allocated: sum(hosts, (h) => h.vcpus_allocated), total: sum(hosts, (h) => h.vcpus_limit) },
    memory: { allocated: sum(hosts, (h) => h.memory_allocated_mib), total: sum(hosts, (h) => h.memory_limit_mib) },
  }
}

export function hostRows(sites: SiteNode[], closed: Set<string>): HostRow[] {
  const out: HostRow[] = []
  for (const site of sites) {
    out.push(branch(site.id, site.name, 'site', 0, site.zones.flatMap((z) => z.host_pools.flatMap((p) => p.hosts))))
    if (closed.has(site.id)) continue
    for (const zone of site.zones) {
      out.push(branch(zone.id, zone.name, 'zone', 1, zone.host_pools.flatMap((p) => p.hosts)))
      if (closed.has(zone.id)) continue
      for (const pool of zone.host_pools) {
        out.push({ ...branch(pool.id, pool.name, 'host_pool', 2, pool.hosts), ratio: `CPU ×${pool.vcpu_ratio} · RAM ×${pool.memory_ratio} · DISK ×${pool.disk_ratio}`, ratios: { vcpu_ratio: pool.vcpu_ratio, memory_ratio: pool.memory_ratio, disk_ratio: pool.disk_ratio } })
        if (closed.has(pool.id)) continue
        for (const host of pool.hosts) out.push({ ...branch(host.id, host.name, 'host', 3, [host]), state: host.state, health: host.health })
      }
    }
  }
  return out
}
