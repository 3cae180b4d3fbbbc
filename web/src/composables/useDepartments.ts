/** The tree of departments, asked for once and kept; it changes a few times a year. */
import { api } from '@/api/client'
import type { DepartmentNode } from '@/api/types'
import { computed, shallowRef } from 'vue'

const tree = shallowRef<DepartmentNode[]>([])
let asked: Promise<void> | null = null

export interface FlatDepartment extends DepartmentNode {
  depth: number
}

function walk(nodes: DepartmentNode[], depth: number, out: FlatDepartment[]): FlatDepartment[] {
  for (const node of nodes) {
    out.push({ ...node, depth })
    walk(node.children ?? [], depth + 1, out)
  }
  return out
}
const flat = computed(() => walk(tree.value, 0, []))

export function forgetDepartments(): void {
  asked = null
  tree.value = []
}

export function useDepartments() {
  const load = () =>
    (asked ??= api
      .get<DepartmentNode[] | { items: DepartmentNode[] } | DepartmentNode>('/departments/tree')
      .then((answer) => {
        tree.value = Array.isArray(answer) ? answer : 'items' in answer ? answer.items : [answer]
      })
      .catch(() => {
        asked = null
      }))
  void load()
  return {
    tree,
    flat,
    reload: () => {
      asked = null
      return load()
    },
  }
}
