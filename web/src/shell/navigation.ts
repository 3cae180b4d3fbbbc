/** The rail: grouped by the work that people come to do. */
import type { IconName } from '@/components/icons'

export interface NavItem {
  name: string
  icon: IconName
  needs?: string[]
}
export interface NavGroup {
  key: string
  items: NavItem[]
}

export const NAVIGATION: NavGroup[] = [
  { key: 'home', items: [{ name: 'overview', icon: 'overview' }] },
  {
    key: 'service',
    items: [
      { name: 'catalogue', icon: 'catalogue', needs: ['request:create'] },
      { name: 'requests', icon: 'request', needs: ['request:read'] },
      { name: 'approvals', icon: 'approval', needs: ['request:approve'] },
    ],
  },
  {
    key: 'resource',
    items: [
      { name: 'instances', icon: 'instance', needs: ['instance:read'] },
      { name: 'volumes', icon: 'volume', needs: ['volume:read'] },
      { name: 'snapshots', icon: 'snapshot', needs: ['snapshot:read'] },
      { name: 'buckets', icon: 'bucket', needs: ['bucket:read'] },
      { name: 'networks', icon: 'network', needs: ['network:read'] },
      { name: 'security-groups', icon: 'shield', needs: ['security_group:read'] },
      { name: 'images', icon: 'image', needs: ['image:read'] },
      { name: 'flavors', icon: 'flavor', needs: ['flavor:read'] },
    ],
  },
  {
    key: 'operate',
    items: [
      { name: 'providers', icon: 'cloud', needs: ['provider:read'] },
      { name: 'hosts', icon: 'hosts', needs: ['host:read'] },
      { name: 'drifts', icon: 'drift', needs: ['drift:read'] },
      { name: 'adoption', icon: 'link', needs: ['unmanaged:read'] },
      { name: 'quotas', icon: 'quota', needs: ['quota:read'] },
      { name: 'projects', icon: 'app', needs: ['project:read'] },
      { name: 'people', icon: 'people', needs: ['user:read', 'department:read'] },
      { name: 'operations', icon: 'operation', needs: ['operation:read'] },
    ],
  },
  { key: 'audit', items: [{ name: 'audit', icon: 'audit', needs: ['audit:read'] }] },
]
