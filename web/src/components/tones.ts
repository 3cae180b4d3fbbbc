/** What a state means to the eye; each tone has a colour and a shape of its own. */
export type Tone = 'good' | 'moving' | 'waiting' | 'warn' | 'bad' | 'idle' | 'gone' | 'unsure'

const BY_STATE: Record<string, Tone> = {
  active: 'good',
  available: 'good',
  in_use: 'good',
  succeeded: 'good',
  fulfilled: 'good',
  approved: 'good',
  enabled: 'good',
  up: 'good',
  done: 'good',
  success: 'good',
  running: 'moving',
  requested: 'waiting',
  queued: 'waiting',
  submitted: 'waiting',
  pending: 'waiting',
  waiting: 'idle',
  draft: 'idle',
  stopped: 'idle',
  retired: 'idle',
  void: 'gone',
  withdrawn: 'gone',
  cancelled: 'gone',
  undone: 'gone',
  deleted: 'gone',
  returned: 'warn',
  maintenance: 'warn',
  draining: 'moving',
  locked: 'warn',
  trouble: 'warn',
  unchecked: 'unsure',
  disabled: 'idle',
  rejected: 'bad',
  error: 'bad',
  failed: 'bad',
  failure: 'bad',
  down: 'bad',
  unknown: 'unsure',
  undoing: 'warn',
  open: 'warn',
  accepted: 'idle',
  closed: 'gone',
}

/** A state that ends in -ing is on its way somewhere. */
export function toneOf(noun: string, state: string): Tone {
  if (noun === 'step' && state === 'pending') return 'idle'
  return BY_STATE[state] ?? (state.endsWith('ing') ? 'moving' : 'idle')
}

/** States that something is still happening to. */
export function isMoving(noun: string, state: string): boolean {
  const tone = toneOf(noun, state)
  return tone === 'moving' || (tone === 'waiting' && noun !== 'request' && noun !== 'approval')
}
