/** The one way to the API: typed fetch with CSRF header, idempotency keys and problem documents. */
import { Problem } from './problem'
import type { Page } from './types'

const BASE = '/api/v1'
let csrf = ''
let language = 'zh'
let onUnauthenticated: () => void = () => {}
let onPasswordRequired: () => void = () => {}

export function configure(options: {
  csrf?: string
  language?: string
  onUnauthenticated?: () => void
  onPasswordRequired?: () => void
}): void {
  csrf = options.csrf ?? csrf
  language = options.language ?? language
  onUnauthenticated = options.onUnauthenticated ?? onUnauthenticated
  onPasswordRequired = options.onPasswordRequired ?? onPasswordRequired
}

/** A version 4 UUID; `crypto.randomUUID` is missing where the console is served over plain HTTP on the intranet. */
export function uuid(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export type Value = string | number | boolean | null | undefined
export type Query = Record<string, Value | Value[]>

export function queryString(query: Query = {}): string {
  const out = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    const text = Array.isArray(value) ? value.join(',') : value
    if (text !== undefined && text !== null && text !== '') out.set(key, String(text))
  }
  const s = out.toString()
  return s ? `?${s}` : ''
}

export interface Options {
  query?: Query
  body?: unknown
  signal?: AbortSignal
  /** Generation for If-Match: the write is refused when the thing has changed since. */
  match?: number
  /** One key for every retry of the same intent. */
  key?: string
  /** Sign-in asks for its own password: a 401 there is an answer, not an expired session. */
  quiet401?: boolean
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf
  if (method === 'POST') headers['Idempotency-Key'] = options.key ?? uuid()
  if (options.match !== undefined) headers['If-Match'] = `"${options.match}"`
  const response = await fetch(BASE + path + queryString(options.query), {
    method,
    headers,
    credentials: 'same-origin',
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
    signal: options.signal,
  })
  if (response.ok) return response
  const document = await response.json().catch(() => ({}))
  const problem = new Problem(document as Record<string, unknown>, response.status)
  if (response.status === 401 && !options.quiet401) onUnauthenticated()
  if (problem.code === 'auth.password_change_required') onPasswordRequired()
  throw problem
}

export interface Sending {
  query?: Query
  signal?: AbortSignal
  /** Bytes that have left so far. */
  onProgress?: (sent: number) => void
}

/** PUT bytes as they are; `fetch` cannot tell how far it is. */
export function sendBytes(path: string, bytes: Blob, options: Sending = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted()
    const request = new XMLHttpRequest()
    request.open('PUT', BASE + path + queryString(options.query))
    request.setRequestHeader('Accept-Language', language)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.setRequestHeader('X-CSRF-Token', csrf)
    request.upload.onprogress = (event) => options.onProgress?.(event.loaded)
    request.onerror = () => reject(new TypeError('network'))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    request.onload = () => {
      if (request.status < 300) return resolve()
      let document: Record<string, unknown> = {}
      try {
        document = JSON.parse(request.responseText) as Record<string, unknown>
      } catch {
        // Whatever stands between us and the API has words of its own.
      }
      if (request.status === 401) onUnauthenticated()
      reject(new Problem(document, request.status))
    }
    options.signal?.addEventListener('abort', () => request.abort(), { once: true })
    request.send(bytes)
  })
}

async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

/** Answers that were asked for before the console was there (`ahead.ts`); each is taken once. */
const ahead = (window.egovAhead ??= new Map<string, Promise<unknown>>())

async function get<T>(path: string, query?: Query, signal?: AbortSignal, quiet401?: boolean): Promise<T> {
  const early = query && Object.keys(query).length ? undefined : ahead.get(path)
  ahead.delete(path)
  return ((await early) as T | undefined) ?? call<T>('GET', path, { query, signal, quiet401 })
}

function session<T>(method: 'GET' | 'POST' | 'DELETE', body?: unknown): Promise<T> {
  if (method === 'GET') return get<T>('/session', {}, undefined, true)
  // What the one before was shown is not for the next.
  ahead.clear()
  return call<T>(method, '/session', { body, quiet401: true })
}

export const api = {
  get,
  page: <T>(path: string, query?: Query, signal?: AbortSignal) => call<Page<T>>('GET', path, { query, signal }),
  post: <T>(path: string, body: unknown = {}, options: Options = {}) => call<T>('POST', path, { ...options, body }),
  patch: <T>(path: string, body: unknown, options: Options = {}) => call<T>('PATCH', path, { ...options, body }),
  put: <T>(path: string, body: unknown, options: Options = {}) => call<T>('PUT', path, { ...options, body }),
  delete: <T>(path: string, options: Options = {}) => call<T>('DELETE', path, options),
  text: async (path: string, query?: Query) => (await send('GET', path, { query })).text(),
  stream: (path: string, lastId: string, signal: AbortSignal) =>
    fetch(BASE + path, {
      headers: { Accept: 'text/event-stream', ...(lastId ? { 'Last-Event-ID': lastId } : {}) },
      credentials: 'same-origin',
      signal,
    }),
  session,
}
