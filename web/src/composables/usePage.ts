/** What the shell's breadcrumb calls the thing of the page, and where the focus goes on a new page. */
import { ref, watchEffect } from 'vue'

export const pageName = ref('')

/** The name of the shown thing, for breadcrumb and window title. */
export function usePageName(name: () => string | null | undefined): void {
  watchEffect(() => {
    pageName.value = name() ?? ''
    if (pageName.value) document.title = `${pageName.value} · egovcloud`
  })
}
