/** RFC 9457 problem documents as one error type. */
export interface FieldProblem {
  field: string
  detail: string
}

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | null
  readonly params: Record<string, unknown>
  readonly errors: FieldProblem[]
  readonly traceId: string

  constructor(document: Record<string, unknown>, status: number) {
    super(String(document.detail ?? document.title ?? status))
    this.name = 'Problem'
    this.status = Number(document.status ?? status)
    this.code = String(document.code ?? `http.${status}`)
    this.field = typeof document.field === 'string' ? document.field : null
    this.params = (document.params as Record<string, unknown>) ?? {}
    this.errors = Array.isArray(document.errors) ? (document.errors as FieldProblem[]) : []
    this.traceId = String(document.trace_id ?? '')
  }

  /** What is wrong with one field of a form, if anything. */
  of(field: string): string {
    const hit = this.errors.find((e) => e.field === field)
    if (hit) return hit.detail
    return this.field === field ? this.message : ''
  }
}

/** Whatever was thrown, as a Problem: a broken connection has a code of its own. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const offline = error instanceof TypeError
  return new Problem(
    { code: offline ? 'client.unreachable' : 'client.failed', detail: error instanceof Error ? error.message : String(error) },
    0,
  )
}
