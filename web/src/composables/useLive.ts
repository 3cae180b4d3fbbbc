/** One shared stream of events for the whole console, resumed after the last id that was seen.
 *
 * EventSource can't listen to every event type at once, and the server names its events; so the stream is read
 * with fetch. It rests while the tab is hidden, because a browser allows six HTTP/1.1 connections per origin.
 */
import { api } from '@/api/client'
import type { CloudEvent } from '@/api/types'
import { onScopeDispose, readonly, ref } from 'vue'

export type LiveState = 'off' | 'connecting' | 'open' | 'waiting'
type Listener = (event: CloudEvent) => void

// A network that was cut closes nothing; the server says something every 15 s.
const SILENCE = 45_000
const listeners = new Set<Listener>()
const state = ref<LiveState>('off')
let lastId = ''
let controller: AbortController | null = null
let retry = 0
let timer: ReturnType<typeof setTimeout> | undefined

function dispatch(block: string): void {
  let id = ''
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('id:')) id = line.slice(3).trim()
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart())
  }
  if (id) lastId = id
  if (!data.length) return
  try {
    const event = JSON.parse(data.join('\n')) as CloudEvent
    if (event && typeof event === 'object' && 'subject_id' in event) for (const listener of [...listeners]) listener(event)
  } catch {
    // A line that is no JSON is a comment of a proxy: nothing to show.
  }
}

async function read(signal: AbortSignal): Promise<void> {
  const response = await api.stream('/events/stream', lastId, signal)
  // Who may not listen will not be allowed to a second later either.
  if (response.status === 401 || response.status === 403) {
    controller = null
    state.value = 'off'
    return
  }
  if (!response.ok || !response.body) throw new Error(String(response.status))
  state.value = 'open'
  retry = 0
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let buffer = ''
  for (;;) {
    const watchdog = setTimeout(() => void reader.cancel(), SILENCE)
    const { done, value } = await reader.read().finally(() => clearTimeout(watchdog))
    if (done) return
    buffer = (buffer + value).replaceAll('\r\n', '\n')
    let end: number
    while ((end = buffer.indexOf('\n\n')) >= 0) {
      dispatch(buffer.slice(0, end))
      buffer = buffer.slice(end + 2)
    }
  }
}

async function run(): Promise<void> {
  if (controller) return
  const mine = new AbortController()
  controller = mine
  state.value = 'connecting'
  try {
    await read(mine.signal)
  } catch {
    // Whatever broke the stream, the answer is the same: wait, then resume after lastId.
  }
  if (controller !== mine) return
  controller = null
  if (mine.signal.aborted) return
  state.value = 'waiting'
  retry = Math.min(retry + 1, 5)
  timer = setTimeout(() => void run(), 500 * 2 ** retry)
}

function stop(): void {
  clearTimeout(timer)
  controller?.abort()
  controller = null
}

let started = false
let hiddenTimer: ReturnType<typeof setTimeout> | undefined

/** Called once somebody is signed in. */
export function startLive(): void {
  if (!started) {
    started = true
    document.addEventListener('visibilitychange', () => {
      clearTimeout(hiddenTimer)
      if (document.hidden) hiddenTimer = setTimeout(stop, 20_000)
      else if (state.value !== 'off') void run()
    })
  }
  void run()
}

export function stopLive(): void {
  stop()
  lastId = ''
  state.value = 'off'
}

export function useLiveState() {
  return readonly(state)
}

/** Calls `refresh` with the subjects that changed, at most every `wait` ms, while the component lives. */
export function useLive(match: (event: CloudEvent) => boolean, refresh: (ids: Set<string>) => void, wait = 400): void {
  let ids = new Set<string>()
  let pending: ReturnType<typeof setTimeout> | undefined
  const listener: Listener = (event) => {
    if (!match(event)) return
    ids.add(event.subject_id)
    pending ??= setTimeout(() => {
      pending = undefined
      const batch = ids
      ids = new Set()
      refresh(batch)
    }, wait)
  }
  listeners.add(listener)
  onScopeDispose(() => {
    listeners.delete(listener)
    clearTimeout(pending)
  })
}
