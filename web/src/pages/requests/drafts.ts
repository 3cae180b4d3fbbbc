/** A request while it is being written. */
import type { InstanceItem, RequestItem } from '@/api/types'
import { uuid } from '@/api/client'

/** An item with a key of its own, so that forms keep their place when others are removed. */
export type DraftItem = RequestItem & { key: string }

export function newInstance(defaults: Partial<InstanceItem> = {}): DraftItem {
  return {
    key: uuid(), kind: 'instance', name: '', count: 1, flavor_id: '', image_id: '', network_ids: [], security_group_ids: [], ssh_key_ids: [],
    anti_affinity: false, volumes: [], ...defaults,
  }
}
export const newVolume = (instance_id = ''): DraftItem => ({ key: uuid(), kind: 'volume', name: '', size_gib: 50, instance_id })
export const newBucket = (): DraftItem => ({ key: uuid(), kind: 'bucket', name: '', quota_gib: 100, versioning: false, expire_days: null, expire_prefix: '' })
export const newGrow = (volume_id = ''): DraftItem => ({ key: uuid(), kind: 'grow_volume', volume_id, size_gib: 100 })
export const newResize = (instance_id = ''): DraftItem => ({ key: uuid(), kind: 'resize_instance', instance_id, flavor_id: '' })

export function isComplete(item: RequestItem): boolean {
  switch (item.kind) {
    case 'instance':
      return !!(item.name.trim() && item.flavor_id && item.image_id && item.network_ids.length) && item.volumes.every((v) => v.name.trim() && v.size_gib > 0)
    case 'volume':
      return !!(item.name.trim() && item.instance_id && item.size_gib > 0)
    case 'bucket':
      return !!(item.name.trim() && item.quota_gib > 0)
    case 'grow_volume':
      return !!(item.volume_id && item.size_gib > 0)
    case 'resize_instance':
      return !!(item.instance_id && item.flavor_id)
  }
}

/** What is sent: without the local key, and without empty optional fields. */
export function toItem(draft: DraftItem): RequestItem {
  const { key: _, ...item } = draft
  if (item.kind === 'instance') {
    const { zone_id, user_data, ...rest } = item
    return { ...rest, name: rest.name.trim(), ...(zone_id ? { zone_id } : {}), ...(user_data ? { user_data } : {}) }
  }
  // What applies to objects that expire means nothing where none does.
  if (item.kind === 'bucket') return { ...item, name: item.name.trim(), expire_prefix: item.expire_days ? item.expire_prefix : '' }
  return item
}
