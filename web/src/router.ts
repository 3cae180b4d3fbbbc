/** Pages and who may open them; each is a chunk of its own. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { startLive } from './composables/useLive'
import { restoreSession, useSession } from './composables/useSession'
import { adoptLanguage, i18n } from './i18n'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the title. */
    title?: string
    /** The list that a detail page belongs to. */
    parent?: string
    /** Any of these permissions opens the page. */
    needs?: string[]
    /** Without the shell around it. */
    bare?: boolean
    /** Without signing in. */
    open?: boolean
  }
}

type Page = () => Promise<unknown>
const page = (name: string, path: string, component: Page, meta: RouteRecordRaw['meta'] = {}): RouteRecordRaw => ({
  name,
  path,
  component,
  meta: { title: `page.${name.replaceAll('-', '_')}`, ...meta },
})

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    page('sign-in', '/sign-in', () => import('./pages/session/SignIn.vue'), { bare: true, open: true }),
    page('first-password', '/first-password', () => import('./pages/session/FirstPassword.vue'), { bare: true }),
    page('overview', '/', () => import('./pages/overview/OverviewPage.vue')),

    page('catalogue', '/catalogue', () => import('./pages/requests/CataloguePage.vue'), { needs: ['request:create', 'request:read'] }),
    page('requests', '/requests', () => import('./pages/requests/RequestList.vue'), { needs: ['request:read'] }),
    page('request-new', '/requests/new', () => import('./pages/requests/RequestWizard.vue'), { needs: ['request:create'], parent: 'catalogue' }),
    page('request-edit', '/requests/:id/edit', () => import('./pages/requests/RequestWizard.vue'), { needs: ['request:create'], parent: 'requests' }),
    page('request', '/requests/:id', () => import('./pages/requests/RequestDetail.vue'), { needs: ['request:read'], parent: 'requests' }),
    page('approvals', '/approvals', () => import('./pages/requests/ApprovalList.vue'), { needs: ['request:approve'] }),
    page('approval', '/approvals/:id', () => import('./pages/requests/ApprovalDetail.vue'), { needs: ['request:approve'], parent: 'approvals' }),

    page('instances', '/instances', () => import('./pages/instances/InstanceList.vue'), { needs: ['instance:read'] }),
    page('instance', '/instances/:id', () => import('./pages/instances/InstanceDetail.vue'), { needs: ['instance:read'], parent: 'instances' }),
    page('instance-screen', '/instances/:id/screen', () => import('./pages/instances/ScreenPage.vue'), { needs: ['instance:screen'], bare: true }),
    page('volumes', '/volumes', () => import('./pages/volumes/VolumesPage.vue'), { needs: ['volume:read'] }),
    page('volume', '/volumes/:id', () => import('./pages/volumes/VolumeDetail.vue'), { needs: ['volume:read'], parent: 'volumes' }),
    page('snapshots', '/snapshots', () => import('./pages/snapshots/SnapshotList.vue'), { needs: ['snapshot:read'] }),
    page('buckets', '/buckets', () => import('./pages/buckets/BucketList.vue'), { needs: ['bucket:read'] }),
    page('bucket', '/buckets/:id', () => import('./pages/buckets/BucketDetail.vue'), { needs: ['bucket:read'], parent: 'buckets' }),
    page('networks', '/networks', () => import('./pages/networks/NetworkList.vue'), { needs: ['network:read'] }),
    page('network', '/networks/:id', () => import('./pages/networks/NetworkDetail.vue'), { needs: ['network:read'], parent: 'networks' }),
    page('security-groups', '/security-groups', () => import('./pages/networks/SecurityGroupList.vue'), { needs: ['security_group:read'] }),
    page('security-group', '/security-groups/:id', () => import('./pages/networks/SecurityGroupDetail.vue'), { needs: ['security_group:read'], parent: 'security-groups' }),
    page('images', '/images', () => import('./pages/images/ImageList.vue'), { needs: ['image:read'] }),
    page('flavors', '/flavors', () => import('./pages/images/FlavorList.vue'), { needs: ['flavor:read'] }),

    page('quotas', '/quotas', () => import('./pages/quotas/QuotaTree.vue'), { needs: ['quota:read'] }),
    page('projects', '/projects', () => import('./pages/people/ProjectsPage.vue'), { needs: ['project:read'] }),
    page('people', '/people', () => import('./pages/people/PeoplePage.vue'), { needs: ['department:read', 'user:read'] }),
    page('hosts', '/hosts', () => import('./pages/hosts/HostsPage.vue'), { needs: ['host:read'] }),
    page('providers', '/providers', () => import('./pages/providers/ProvidersPage.vue'), { needs: ['provider:read'] }),
    page('drifts', '/drifts', () => import('./pages/drifts/DriftPage.vue'), { needs: ['drift:read'] }),
    page('adoption', '/adoption', () => import('./pages/adoption/AdoptionPage.vue'), { needs: ['unmanaged:read'] }),
    page('operations', '/operations', () => import('./pages/operations/OperationList.vue'), { needs: ['operation:read'] }),
    page('operation', '/operations/:id', () => import('./pages/operations/OperationDetail.vue'), { needs: ['operation:read'], parent: 'operations' }),
    page('audit', '/audit', () => import('./pages/audit/AuditPage.vue'), { needs: ['audit:read'] }),

    page('ssh-keys', '/account/ssh-keys', () => import('./pages/account/SshKeysPage.vue')),
    page('tokens', '/account/tokens', () => import('./pages/account/TokensPage.vue')),
    page('sessions', '/account/sessions', () => import('./pages/account/SessionsPage.vue')),
    page('password', '/account/password', () => import('./pages/account/PasswordPage.vue')),

    page('forbidden', '/forbidden', () => import('./pages/session/ForbiddenPage.vue')),
    page('missing', '/:path(.*)*', () => import('./pages/session/MissingPage.vue')),
  ],
})

router.beforeEach(async (to) => {
  await restoreSession()
  const { session, mustChangePassword, may } = useSession()
  if (!session.value) return to.meta.open ? true : { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (mustChangePassword.value) return to.name === 'first-password' ? true : { name: 'first-password' }
  await adoptLanguage(session.value.user.language)
  if (may('event:read')) startLive()
  if (to.name === 'sign-in' || to.name === 'first-password') return { name: 'overview' }
  // The page is shown as forbidden at its own address, so that a link which opens later still works.
  if (to.meta.needs && !may(...to.meta.needs)) return { name: 'forbidden', query: { page: to.fullPath } }
  return true
})

router.afterEach((to) => {
  const { t } = i18n.global
  const title = to.meta.title ? t(to.meta.title) : ''
  document.title = title ? `${title} · egovcloud` : 'egovcloud'
})
