/** A list that grows page by page, refreshes in place, and follows the event stream. */
import { api, type Query } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'
import { computed, onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useLive } from './useLive'

export const PAGE = 100
const MAX_LIMIT = 200

export interface ListOptions {
  /** subject_type of the events that concern this list. */
  subject?: string
  count?: boolean
  limit?: number
}

export function useList<T extends { id: string }>(
  path: MaybeRefOrGetter<string>,
  query: MaybeRefOrGetter<Query>,
  options: ListOptions = {},
) {
  const items = shallowRef<T[]>([])
  const next = ref<string | null>(null)
  const total = ref<number | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(true)
  const loadingMore = ref(false)
  const limit = options.limit ?? PAGE
  let controller: AbortController | null = null

  async function load(quiet = false): Promise<void> {
    controller?.abort()
    const mine = new AbortController()
    controller = mine
    if (!quiet) loading.value = true
    problem.value = null
    const size = quiet ? Math.min(MAX_LIMIT, Math.max(limit, items.value.length)) : limit
    try {
      const page = await api.page<T>(
        toValue(path),
        { ...toValue(query), limit: size, count: options.count === false ? undefined : true },
        mine.signal,
      )
      items.value = page.items
      next.value = page.next
      total.value = page.total
    } catch (error) {
      if (mine.signal.aborted) return
      if (!quiet || !items.value.length) problem.value = asProblem(error)
    } finally {
      if (controller === mine) loading.value = false
    }
  }

  async function more(): Promise<void> {
    if (!next.value || loadingMore.value || loading.value) return
    loadingMore.value = true
    const cursor = next.value
    const signal = controller?.signal
    try {
      const page = await api.page<T>(toValue(path), { ...toValue(query), limit, after: cursor }, signal)
      if (next.value !== cursor) return
      const known = new Set(items.value.map((item) => item.id))
      items.value = items.value.concat(page.items.filter((item) => !known.has(item.id)))
      next.value = page.next
    } catch (error) {
      if (!signal?.aborted) problem.value = asProblem(error)
    } finally {
      loadingMore.value = false
    }
  }

  /** Every row that the filter allows, for the export; `onProgress` is told how many there are so far. */
  async function all(onProgress?: (count: number) => void, most = 20_000): Promise<T[]> {
    const out: T[] = []
    let after: string | null | undefined
    do {
      const page: { items: T[]; next: string | null } = await api.page<T>(toValue(path), {
        ...toValue(query),
        limit: MAX_LIMIT,
        after,
      })
      out.push(...page.items)
      onProgress?.(out.length)
      after = page.next
    } while (after && out.length < most)
    return out
  }

  /** Asks again for single rows of a long list, so that its place and length stay as they are. */
  async function patch(ids: Iterable<string>): Promise<void> {
    const shown = new Set(items.value.map((item) => item.id))
    const wanted = [...ids].filter((id) => shown.has(id)).slice(0, 30)
    const fresh = new Map<string, T>()
    await Promise.all(
      wanted.map(async (id) => {
        const row = await api.get<T>(`${toValue(path)}/${id}`).catch(() => null)
        if (row) fresh.set(id, row)
      }),
    )
    if (fresh.size) items.value = items.value.map((item) => fresh.get(item.id) ?? item)
  }

  const key = computed(() => toValue(path) + JSON.stringify(toValue(query)))
  watch(key, () => void load())
  void load()
  if (options.subject) {
    const subject = options.subject
    useLive(
      (event) => event.subject_type === subject,
      (ids) => void (items.value.length <= MAX_LIMIT ? load(true) : patch(ids)),
      800,
    )
  }
  onScopeDispose(() => controller?.abort())
  return {
    items,
    next,
    total,
    problem,
    loading,
    loadingMore,
    more,
    all,
    reload: () => load(false),
    refresh: () => load(true),
  }
}
