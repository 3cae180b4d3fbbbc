import { createApp } from 'vue'
import App from './App.vue'
import { configure } from './api/client'
import { stopLive } from './composables/useLive'
import { forgetDepartments } from './composables/useDepartments'
import { forgetSession, restoreSession, wasSignedIn } from './composables/useSession'
import './composables/useTheme'
import { i18n, preferredLanguage, setLanguage } from './i18n'
import { router } from './router'
import './styles/tokens.css'
import './styles/base.css'
import 'element-plus/es/components/base/style/css'
import './styles/element.css'

configure({
  onUnauthenticated: () => {
    forgetSession()
    forgetDepartments()
    stopLive()
    const here = router.currentRoute.value
    if (here.name !== 'sign-in') void router.push({ name: 'sign-in', query: { next: here.fullPath } })
  },
  onPasswordRequired: () => void router.push({ name: 'first-password' }),
})

// Words, page and session are fetched side by side, not one after another.
void restoreSession()
const first = router.resolve(wasSignedIn() ? window.location.pathname : '/sign-in').matched.at(-1)?.components?.default
if (typeof first === 'function') void (first as () => Promise<unknown>)().catch(() => undefined)
void setLanguage(preferredLanguage()).then(() => {
  createApp(App).use(i18n).use(router).mount('#app')
})
