/** Short notices at the corner; what went wrong stays until it is closed. */
import { asProblem } from '@/api/problem'
import { ref } from 'vue'
import type { RouteLocationRaw } from 'vue-router'

export interface Toast {
  id: number
  kind: 'ok' | 'error' | 'info'
  text: string
  detail?: string
  to?: RouteLocationRaw
  label?: string
}

const toasts = ref<Toast[]>([])
let count = 0

function close(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

function add(toast: Omit<Toast, 'id'>): void {
  const id = ++count
  toasts.value = [...toasts.value.slice(-4), { ...toast, id }]
  if (toast.kind !== 'error') setTimeout(() => close(id), 6000)
}

export function useToasts() {
  return {
    toasts,
    close,
    ok: (text: string, link: Pick<Toast, 'to' | 'label'> = {}) => add({ kind: 'ok', text, ...link }),
    info: (text: string, link: Pick<Toast, 'to' | 'label'> = {}) => add({ kind: 'info', text, ...link }),
    fail: (error: unknown) => {
      const problem = asProblem(error)
      const trace = problem.traceId ? ` · ${problem.traceId}` : ''
      add({ kind: 'error', text: problem.message, detail: problem.code + trace })
    },
  }
}
