/** Shapes of /api/v1. Times are RFC 3339 UTC, memory MiB, disks GiB. */
import type { CloudRequest } from './requests'

export * from './requests'

export interface Ref {
  id: string
  name: string
}
export interface Entity {
  id: string
  generation?: number
  created_at: string
  updated_at: string
}
export interface Page<T> {
  items: T[]
  next: string | null
  total: number | null
}
export interface Failure {
  code: string
  detail?: string
  params?: Record<string, unknown>
}
export interface Grant {
  id: string
  role: string
  department: Ref
}
export interface User extends Entity {
  username: string
  display_name: string
  department: Ref
  language: string
  state: string
  locked: boolean
  locked_until: string | null
  must_change_password: boolean
  last_login_at: string | null
  grants?: Grant[]
}
export interface Session {
  user: User
  csrf_token: string
  must_change_password: boolean
  permissions: string[]
  grants: { role: string; department: Ref }[]
  expires_at: string
}
export interface Department extends Entity {
  code: string
  name: string
  kind: string
  path: string
  parent_id: string | null
}
export interface DepartmentNode {
  id: string
  code: string
  name: string
  kind: string
  path: string
  instances: number
  children: DepartmentNode[]
}
export interface Project extends Entity {
  name: string
  description: string
  department: Ref
}
export interface Application extends Entity {
  name: string
  description: string
  project: Ref
  department: Ref
  protection_level: number
  recovery_level: number
  owner: string
  contact: string
}
export interface Flavor extends Entity {
  name: string
  vcpus: number
  memory_mib: number
  disk_gib: number
  enabled: boolean
}
export interface Image extends Entity {
  name: string
  state: string
  visibility: string
  department: Ref | null
  format: string
  firmware: string
  sha256: string
  size_bytes: number
  min_disk_gib: number
  source: string
  login_user: string
}
export interface Network extends Entity {
  name: string
  state: string
  mode: string
  cidr: string
  gateway: string
  bridge: string | null
  zone: Ref | null
  department: Ref | null
  used_addresses: number
  total_addresses: number
}
/** Which application has machines in which network. */
export interface Topology {
  networks: { id: string; name: string; mode: string; cidr: string; zone: Ref | null }[]
  applications: { application: Ref | null; project: Ref; department: Ref; instances: number; networks: { id: string; instances: number }[] }[]
  total: number
}
export interface Port {
  address: string
  mac: string
  instance: Ref | null
}
export interface SecurityRule {
  direction: 'ingress' | 'egress'
  protocol: 'tcp' | 'udp' | 'icmp' | 'any'
  port_min: number | null
  port_max: number | null
  cidr: string
}
export interface SecurityGroup extends Entity {
  name: string
  description: string
  state: string
  project: Ref
  department: Ref
  rules: SecurityRule[]
}
export interface InstanceVolume {
  id: string
  name: string
  size_gib: number
  device: string | null
  state: string
}
export interface Instance extends Entity {
  name: string
  hostname: string
  department: Ref
  project: Ref
  application: Ref | null
  request: { id: string; number: string } | null
  flavor: Ref | null
  image: Ref | null
  host: Ref | null
  zone: Ref | null
  vcpus: number
  memory_mib: number
  disk_gib: number
  state: string
  desired_power: string
  observed_power: string | null
  observed_at: string | null
  addresses: string[]
  ports?: { network: Ref | null; network_name: string; mac: string; address: string | null }[]
  security_groups?: Ref[]
  volumes?: InstanceVolume[]
  login_user?: string | null
  ssh?: string | null
  adopted_at?: string | null
  shelved_at?: string | null
  origin?: Origin | null
  error: Failure | null
  placement?: Record<string, unknown> | null
}
/** How an adopted thing was called before, and in its cloud. */
export interface Origin {
  name: string | null
  external_id: string | null
}
export interface Volume extends Entity {
  name: string
  department: Ref
  project: Ref
  application: Ref | null
  instance: Ref | null
  host: Ref | null
  storage_pool: Ref | null
  size_gib: number
  state: string
  device: string | null
  source?: { kind: string; id: string; name: string } | null
  adopted_at?: string | null
  origin?: Origin | null
  error: Failure | null
}
export interface Snapshot extends Entity {
  name: string
  instance: Ref
  department: Ref
  external: boolean
  quiesced: boolean
  state: string
  error: Failure | null
}
export interface VolumeSnapshot extends Entity {
  name: string
  volume: Ref
  project: Ref
  department: Ref
  size_gib: number
  state: string
  error: Failure | null
}
export interface FloatingAddress extends Entity {
  address: string
  state: string
  department: Ref
  project: Ref
  network: Ref
  instance: Ref | null
  fixed_address: string | null
  provider: Ref | null
  error: Failure | null
}
export interface Fact {
  name: string
  value: string
}
export interface Drift extends Entity {
  kind: string
  title: string
  state: string
  subject: { type: string; id: string; name: string }
  department: Ref | null
  provider: Ref | null
  host: string | null
  place: string
  desired: Fact[]
  observed: Fact[]
  since: string
  last_seen_at: string
  looks: number
  ended_at: string | null
  outcome: string | null
  operation_id: string | null
  policy: string
  remedies: string[]
  error: Failure | null
}
export interface DriftPolicy {
  kind: string
  title: string
  noun: string
  compares: string[]
  policy: string
  default: string
  allowed: string[]
}
export interface SshKey extends Entity {
  name: string
  public_key: string
  fingerprint: string
}
export interface Token extends Entity {
  name: string
  prefix: string
  permissions: string[]
  expires_at: string
  last_used_at: string | null
  revoked_at?: string | null
}
export interface QuotaUse {
  resource: string
  limit: number | null
  reserved: number
  committed: number
  unmanaged: number
  own?: number
}
export interface QuotaNode {
  department: Ref
  kind: string
  resources: QuotaUse[]
  children: QuotaNode[]
}
export interface LedgerEntry {
  id: string
  at: string
  movement: string
  department: Ref | null
  resource: string
  reserved: number
  committed: number
  subject_type: string
  subject_id: string
}
export interface Step {
  position: number
  name: string
  state: string
  attempts: number
  started_at: string | null
  finished_at: string | null
  error: Failure | null
  result: Record<string, unknown> | null
}
export interface Operation extends Entity {
  kind: string
  state: string
  subject: { type: string; id: string; name: string | null }
  department: Ref | null
  parent_id: string | null
  requested_by: Ref | null
  started_at: string | null
  finished_at: string | null
  not_before: string | null
  deadline_at: string | null
  attempts: number
  cancel_requested: boolean
  retryable: boolean
  cancellable: boolean
  error: Failure | null
  progress: { done: number; total: number } | null
  steps?: Step[]
  children?: Operation[]
}
export interface CloudEvent {
  id: number | string
  at: string
  type: string
  subject_type: string
  subject_id: string
  department_id: string | null
  operation_id: string | null
  data: Record<string, unknown>
}
export interface TimelineItem {
  at: string
  type: string
  text: string
  actor: string | Ref | null
  operation_id: string | null
}
export interface AuditEntry {
  id: string
  at: string
  actor_id: string | null
  actor_name: string
  department: Ref | null
  action: string
  subject_type: string
  subject_id: string | null
  subject_name: string
  outcome: string
  code: string
  address: string
  trace_id: string
  data: Record<string, unknown>
}
export interface HostNode {
  id: string
  name: string
  state: string
  health: string
  vcpus: number
  vcpus_allocated: number
  memory_mib: number
  memory_allocated_mib: number
  disk_gib?: number
  disk_allocated_gib?: number
  instances: number
  [key: string]: unknown
}
export interface StoragePool extends Entity {
  name: string
  host: Ref | null
  kind: string
  tier: string
  shared: boolean
  capacity_gib: number
  used_gib: number
  allocated_gib: number
}
export interface SignedIn {
  id: string
  user: Ref
  username: string
  created_at: string
  last_seen_at: string
  expires_at: string
  address: string
  agent: string
  current: boolean
}
export interface Overview {
  instances: { total: number; by_state: Record<string, number> }
  hosts: { total: number; up: number; by_state: Record<string, number> } | null
  capacity: {
    vcpus: { total: number; allocated: number }
    memory_mib: { total: number; allocated: number }
    storage_gib: { total: number; allocated: number; used: number }
  } | null
  quota: { department: Ref; resources: QuotaUse[] } | null
  requests: { by_state: Record<string, number> }
  approvals_pending: number
  drifts_open: number
  operations: { running: number; failed_24h: number }
  forecast: { storage_days_to_full: number | null } | null
  recent_operations: Operation[]
  recent_requests: CloudRequest[]
  growth: { date: string; instances: number; vcpus: number; memory_mib: number; volume_gib: number }[]
}
export interface SearchHit {
  type: string
  id: string
  name: string
  department: Ref | null
}
