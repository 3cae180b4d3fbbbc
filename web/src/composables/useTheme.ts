/** Light, dark, or what the system says; kept in this browser. */
import { ref, watchEffect } from 'vue'

export type Theme = 'light' | 'dark' | 'auto'
const KEY = 'egov.theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')
const stored = localStorage.getItem(KEY)
const theme = ref<Theme>(stored === 'light' || stored === 'dark' ? stored : 'auto')
const systemDark = ref(system.matches)
const dark = ref(false)
system.addEventListener('change', (event) => (systemDark.value = event.matches))

watchEffect(() => {
  dark.value = theme.value === 'dark' || (theme.value === 'auto' && systemDark.value)
  document.documentElement.classList.toggle('dark', dark.value)
  if (theme.value === 'auto') localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, theme.value)
})

export function useTheme() {
  return { theme, dark }
}
