/** A cloud that we stand on, as `GET /providers` shows it. */
import type { Entity, Ref } from './types'

export interface Provider extends Entity {
  name: string
  driver: string
  config: Record<string, unknown>
  site: Ref
  enabled: boolean
  capabilities: string[]
  checked_at: string | null
  latency_ms: number | null
  health: string
  problem: { code: string; detail: string } | null
  detail: string
  hosts: number
  hosts_up: number
  hosts_silent: string[]
  resources: ProviderResource[]
}

/** `here`: what we gave out; `limit` and `used`: the cloud's own quota, where it has one. */
export interface ProviderResource {
  resource: string
  here: number
  limit: number | null
  used: number | null
}
