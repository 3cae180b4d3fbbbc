/** What the API says of what others made. */
import type { Failure, QuotaCheck, Ref } from '@/api/types'

export interface Unmanaged {
  kind: string
  external_id: string
  name: string
  provider: Ref
  host: Ref | null
  vcpus: number
  memory_mib: number
  size_gib: number
  project: Ref | null
}
/** A row of the table: the same path may name a volume on every host. */
export type Row = Unmanaged & { id: string }
/** One that can be adopted; a bucket is on no host and stays what it is. */
export type Thing = Row & { host: Ref }

export interface UnmanagedAnswer {
  items: Unmanaged[]
  total: number
  hosts: { host: Ref; seen_at: string | null; problem: Failure | null }[]
  stores: { provider: Ref; seen_at: string | null; problem: Failure | null }[]
}
export interface PlannedThing {
  kind: string
  external_id: string
  name: string
  host: Ref
  storage_pool: Ref | null
  power: string | null
  vcpus: number
  memory_mib: number
  size_gib: number
  cards: { mac: string; address: string | null; network: Ref | null; network_name: string }[]
  volumes: PlannedThing[]
  obstacles: Failure[]
}
export interface Plan {
  ok: boolean
  amount: Record<string, number>
  items: PlannedThing[]
  quota: QuotaCheck[]
}
