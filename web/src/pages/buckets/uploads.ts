/** Sends files: small ones in one piece, large ones in parts that need not be sent twice. */
import { api, sendBytes } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'
import type { BucketUpload } from '@/api/objects'
import { reactive } from 'vue'
import { PART } from './bucket'

export interface Task {
  id: number
  key: string
  file: File
  sent: number
  state: 'waiting' | 'running' | 'paused' | 'failed' | 'done'
  /** How much of it was there before. */
  resumed: number
  problem: Problem | null
  upload: string
}

export function useUploads(bucket: string, arrived: () => void) {
  const tasks = reactive<Task[]>([])
  let count = 0
  let busy = false
  let controller: AbortController | null = null

  function add(files: File[], prefix: string): void {
    for (const file of files) {
      tasks.push({ id: ++count, key: prefix + file.name, file, sent: 0, state: 'waiting', resumed: 0, problem: null, upload: '' })
    }
    void work()
  }

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    for (let task = next(); task; task = next()) await one(task)
    busy = false
  }
  const next = () => tasks.find((task) => task.state === 'waiting')

  async function one(task: Task): Promise<void> {
    task.state = 'running'
    task.problem = null
    controller = new AbortController()
    try {
      if (task.file.size <= PART) await whole(task, controller.signal)
      else await inParts(task, controller.signal)
      task.state = 'done'
      arrived()
    } catch (error) {
      if (controller.signal.aborted) return
      task.state = 'failed'
      task.problem = asProblem(error)
    }
  }

  function whole(task: Task, signal: AbortSignal): Promise<void> {
    const path = `/buckets/${bucket}/content`
    return sendBytes(path, task.file, { query: { key: task.key }, signal, onProgress: (sent) => (task.sent = sent) })
  }

  async function inParts(task: Task, signal: AbortSignal): Promise<void> {
    const path = `/buckets/${bucket}/uploads`
    const begun = await api.post<BucketUpload>(path, { key: task.key, size: task.file.size }, { signal })
    task.upload = begun.id
    const there = new Set(begun.arrived)
    const sizeOf = (number: number) => Math.min(begun.part_size, task.file.size - (number - 1) * begun.part_size)
    let done = [...there].reduce((sum, number) => sum + sizeOf(number), 0)
    task.resumed = task.sent = done
    for (let number = 1; number <= begun.parts; number++) {
      if (there.has(number)) continue
      const from = (number - 1) * begun.part_size
      const part = task.file.slice(from, from + sizeOf(number))
      await sendBytes(`${path}/${begun.id}/parts/${number}`, part, { signal, onProgress: (sent) => (task.sent = done + sent) })
      done += part.size
      task.sent = done
    }
    await api.post(`${path}/${begun.id}/complete`, {}, { signal })
  }

  function pause(task: Task): void {
    task.state = 'paused'
    controller?.abort()
  }
  function resume(task: Task): void {
    task.state = 'waiting'
    void work()
  }
  async function drop(task: Task): Promise<void> {
    if (task.state === 'running') pause(task)
    tasks.splice(tasks.indexOf(task), 1)
    if (task.upload && task.state !== 'done') await api.delete(`/buckets/${bucket}/uploads/${task.upload}`).catch(() => undefined)
  }
  return { tasks, add, pause, resume, drop }
}
