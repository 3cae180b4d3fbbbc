/** What departments ask for, who decides, and where it would go. */
import type { BucketItem } from './objects'
import type { Entity, Ref } from './types'

export interface InstanceItem {
  kind: 'instance'
  name: string
  count: number
  flavor_id: string
  image_id: string
  network_ids: string[]
  security_group_ids: string[]
  ssh_key_ids: string[]
  zone_id?: string
  anti_affinity: boolean
  user_data?: string
  volumes: { name: string; size_gib: number }[]
}
export interface VolumeItem {
  kind: 'volume'
  name: string
  size_gib: number
  instance_id: string
}
export interface GrowItem {
  kind: 'grow_volume'
  volume_id: string
  size_gib: number
}
export interface ResizeItem {
  kind: 'resize_instance'
  instance_id: string
  flavor_id: string
}
export type RequestItem = InstanceItem | VolumeItem | BucketItem | GrowItem | ResizeItem
export interface QuotaCheck {
  department: Ref
  resource: string
  limit: number | null
  used: number
  asked: number
  after: number
  ok: boolean
}
export interface CheckAnswer {
  amount: Record<string, number>
  quota: QuotaCheck[]
  chain: { position: number; level: string; department: Ref }[]
  ok: boolean
}
export interface Approval {
  id: string
  position: number
  round?: number
  level: string
  department: Ref
  state: string
  decided_by: Ref | null
  decided_at: string | null
  comment: string
  may_decide?: boolean
  created_at?: string
  updated_at?: string
  request?: CloudRequest
}
export interface CloudRequest extends Entity {
  number: string
  title: string
  purpose: string
  department: Ref
  project: Ref
  application: Ref | null
  requester: Ref
  items: RequestItem[]
  state: string
  operation_id: string | null
  submitted_at: string | null
  closed_at: string | null
  approvals?: Approval[]
  quota?: QuotaCheck[]
  instances?: (Ref & { state: string })[]
  volumes?: (Ref & { state: string })[]
  buckets?: (Ref & { state: string })[]
}
export interface HostReason {
  host: Ref
  accepted: boolean
  score: number | null
  reasons: { filter?: string; weigher?: string; ok: boolean; text: string }[]
}
export interface Placed {
  item: number | string
  index: number
  host: Ref | null
  reasons: HostReason[]
}
