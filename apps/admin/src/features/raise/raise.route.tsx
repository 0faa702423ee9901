/** The drawer that sets a custom limit, over any screen. */
import { notifications } from '@mantine/notifications';
import type { Created } from '../../data/overrides.js';
import { named } from '../../lib/format.js';
import { SET_CUSTOM_LIMIT } from '../../ui/links.js';
import { Loaded } from '../../ui/loaded.js';
import { SideDrawer } from '../../ui/side.js';
import { RaiseForm } from './raise-form.js';
import { Requested, Saved } from './saved.js';
import { useRaiseScreen } from './use-raise-screen.js';

export function RaiseRoute() {
  const screen = useRaiseScreen({ onCreated: report });
  return (
    <SideDrawer title={`${SET_CUSTOM_LIMIT} for ${named(screen.account)}`} onClose={screen.close}>
      <Loaded query={screen.base}>{(base) => <RaiseForm screen={screen} base={base} />}</Loaded>
    </SideDrawer>
  );
}

function report(created: Created): void {
  const isRequest = 'request' in created;
  notifications.show({
    id: isRequest ? created.request.id : created.override.id,
    autoClose: false,
    title: titleOf(created),
    color: isRequest || created.lowered.length > 0 ? 'orange' : 'green',
    message: isRequest ? <Requested created={created} /> : <Saved changed={created} />,
  });
}

/** Says what happened, which may differ from what the person meant to do. */
function titleOf(created: Created): string {
  if ('request' in created) return 'Limit request sent to an admin';
  return created.lowered.length > 0 ? 'Custom limit set; some limits are lower' : 'Custom limit set';
}
