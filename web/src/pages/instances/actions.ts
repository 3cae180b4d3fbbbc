/** What may be done to an instance in its state; the lifecycle table of the server, seen from the button. */
import type { Instance } from '@/api/types'
import type { IconName } from '@/components/icons'

export interface InstanceAction {
  key: string
  icon: IconName
  needs: string
  states: string[]
  danger?: boolean
  /** For what was adopted alone (true), or never for that (false): its disks and its place are others'. */
  adopted?: boolean
}

export const INSTANCE_ACTIONS: InstanceAction[] = [
  { key: 'start', icon: 'play', needs: 'instance:start', states: ['stopped', 'error'] },
  { key: 'stop', icon: 'stop', needs: 'instance:stop', states: ['active', 'error'] },
  { key: 'reboot', icon: 'reboot', needs: 'instance:reboot', states: ['active'] },
  { key: 'snapshot', icon: 'snapshot', needs: 'snapshot:create', states: ['active', 'stopped'] },
  { key: 'shelve', icon: 'archive', needs: 'instance:shelve', states: ['active', 'stopped'], adopted: false },
  { key: 'unshelve', icon: 'play', needs: 'instance:shelve', states: ['shelved'], adopted: false },
  { key: 'resize', icon: 'flavor', needs: 'instance:resize', states: ['active', 'stopped'], adopted: false },
  { key: 'migrate', icon: 'hosts', needs: 'instance:migrate', states: ['active'], adopted: false },
  { key: 'groups', icon: 'shield', needs: 'instance:update', states: ['active', 'stopped'], adopted: false },
  { key: 'rename', icon: 'edit', needs: 'instance:update', states: ['active', 'stopped', 'error', 'unknown'] },
  { key: 'rebuild', icon: 'refresh', needs: 'instance:rebuild', states: ['active', 'stopped', 'error'], danger: true, adopted: false },
  { key: 'delete', icon: 'trash', needs: 'instance:delete', states: ['requested', 'active', 'stopped', 'shelved', 'error', 'unknown'], danger: true, adopted: false },
  { key: 'release', icon: 'link', needs: 'instance:release', states: ['active', 'stopped', 'error', 'unknown'], danger: true, adopted: true },
]

export const canDo = (action: InstanceAction, instance: Pick<Instance, 'state' | 'adopted_at'>) =>
  action.states.includes(instance.state) && fits(action, instance)

/** Whether the action is one for this machine at all, whatever its state. */
export const fits = (action: InstanceAction, instance: Pick<Instance, 'adopted_at'>) =>
  action.adopted === undefined || action.adopted === Boolean(instance.adopted_at)

export const INSTANCE_STATES = [
  'requested', 'building', 'active', 'stopped', 'starting', 'stopping', 'rebooting', 'resizing', 'rebuilding', 'migrating', 'reverting', 'shelving', 'shelved', 'unshelving', 'deleting', 'adopting', 'releasing', 'error', 'unknown',
]
