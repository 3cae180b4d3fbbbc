/** Shapes of object storage. Sizes in bytes, quotas in GiB. */
import type { Entity, Failure, Ref } from './types'

export interface Bucket extends Entity {
  name: string
  state: string
  department: Ref
  project: Ref
  application: Ref | null
  request: { id: string; number: string } | null
  store: Ref | null
  capabilities: string[]
  external_id: string | null
  quota_gib: number
  versioning: boolean
  expire_days: number | null
  expire_prefix: string
  objects: number
  bytes: number
  metered_at: string | null
  error: Failure | null
}
export interface ObjectStore {
  id: string
  name: string
  driver: string
  capabilities: string[]
}
export interface BucketUsage {
  objects: number
  bytes: number
  days: { day: string; objects: number; bytes: number }[]
}
export interface StoredObject {
  key: string
  size: number
  modified: string
}
export interface ObjectPage {
  objects: StoredObject[]
  prefixes: string[]
  next: string | null
}
export interface BucketUpload {
  id: string
  key: string
  size: number
  part_size: number
  parts: number
  arrived: number[]
}
export interface BucketKey extends Entity {
  name: string
  writes: boolean
  state: string
  access_key_id: string | null
  created_by: Ref | null
  error: Failure | null
}
/** What a program must be told beside its key. */
export interface BucketAccess {
  endpoint: string
  region: string
  path_style: boolean
  bucket: string
}
export interface BucketKeys {
  items: BucketKey[]
  limit: number
  access: BucketAccess | null
}
/** A bucket as a request asks for it. */
export interface BucketItem {
  kind: 'bucket'
  name: string
  quota_gib: number
  versioning: boolean
  expire_days: number | null
  expire_prefix: string
  provider_id?: string | null
}
