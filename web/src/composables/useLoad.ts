/** One thing from the API: data, problem, loading, and a quiet reload that keeps what is shown. */
import { asProblem, type Problem } from '@/api/problem'
import { onScopeDispose, ref, shallowRef, watch, type WatchSource } from 'vue'

export function useLoad<T>(fetcher: (signal: AbortSignal) => Promise<T>, source?: WatchSource<unknown>) {
  const data = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(true)
  let controller: AbortController | null = null

  async function load(quiet = false): Promise<void> {
    controller?.abort()
    const mine = new AbortController()
    controller = mine
    if (!quiet) {
      loading.value = true
      problem.value = null
    }
    try {
      data.value = await fetcher(mine.signal)
      problem.value = null
    } catch (error) {
      if (mine.signal.aborted) return
      // A failed quiet reload leaves what is shown; the next event or the user tries again.
      if (!quiet || !data.value) problem.value = asProblem(error)
    } finally {
      if (controller === mine) loading.value = false
    }
  }

  if (source) {
    watch(source, () => {
      data.value = null
      void load()
    })
  }
  void load()
  onScopeDispose(() => controller?.abort())
  return { data, problem, loading, reload: () => load(false), refresh: () => load(true) }
}
