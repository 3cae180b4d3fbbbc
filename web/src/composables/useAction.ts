/** Runs one write at a time: pending flag, problem, and a notice that leads to the operation it started. */
import { asProblem, type Problem } from '@/api/problem'
import type { Operation } from '@/api/types'
import { ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useToasts } from './useToasts'

export function isOperation(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null && 'subject' in value && 'kind' in value && 'state' in value
}

export function useAction() {
  const { t } = useI18n()
  const toasts = useToasts()
  const pending = ref(false)
  const problem = shallowRef<Problem | null>(null)

  /** Resolves with the answer, or undefined when it failed; the problem is kept, and shown unless `inline`. */
  async function run<T>(work: () => Promise<T>, options: { done?: string; inline?: boolean } = {}): Promise<T | undefined> {
    if (pending.value) return undefined
    pending.value = true
    problem.value = null
    try {
      const answer = await work()
      if (isOperation(answer)) {
        toasts.ok(options.done ?? t('common.accepted'), {
          to: { name: 'operation', params: { id: answer.id } },
          label: t('common.followOperation'),
        })
      } else if (options.done) toasts.ok(options.done)
      return answer
    } catch (error) {
      problem.value = asProblem(error)
      if (!options.inline) toasts.fail(error)
      return undefined
    } finally {
      pending.value = false
    }
  }

  return { pending, problem, run }
}
