import { Button, Group, NativeSelect, Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Group as ApiGroup } from '../../data/catalogue.js';
import type { NewOverride, Preview, Question } from '../../data/overrides.js';
import { serverNow } from '../../lib/clock.js';
import { inHours } from '../../lib/format.js';
import { Choice } from '../../ui/forms.js';
import { ErrorNote } from '../../ui/notes.js';
import { BeforeAfter } from './before-after.js';
import { Confirmations, keysOf, useAgreement } from './confirmations.js';
import { Ceiling, Effect } from './effect.js';
import { HowFar } from './how-far.js';
import { useRaise } from './raise-state.js';
import type { Scope, ScopeChoice } from './scopes.js';

export interface RaiseFormProps {
  readonly target: Question;
  readonly scopes: readonly ScopeChoice[];
  readonly scope: Scope;
  readonly onScope: (scope: Scope) => void;
  readonly groups: readonly ApiGroup[];
  readonly api: string | undefined;
  readonly onApi: (api: string | undefined) => void;
  /** Of the scope, without any limit typed. */
  readonly base: Preview;
  readonly saving: boolean;
  readonly error: Error | null;
  readonly onSave: (override: NewOverride) => void;
  readonly onCancel: () => void;
}

const EXPIRIES = [
  { label: '1 h', value: '1' },
  { label: '24 h', value: '24' },
  { label: '7 d', value: '168' },
  { label: '30 d', value: '720' },
];

export function RaiseForm(props: RaiseFormProps) {
  const { target, base, scope, saving, error, onSave, onCancel } = props;
  const several = scope === 'account' || scope === 'group';
  const raise = useRaise({ target, base, several });
  const [reason, setReason] = useState('');
  const [ticket, setTicket] = useState('');
  const [missing, setMissing] = useState(false);
  const { agreed, onAgree } = useAgreement();
  const preview = raise.preview.data;

  // The drawer was there before its form: its close button has the focus.
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('input[type="radio"]:checked')?.focus(), []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = reason.trim() === '' ? 'reason' : raise.sets ? undefined : 'perMinute';
    const open = keysOf(preview).filter((key) => !agreed.has(key));
    if (wrong !== undefined || preview === undefined || open.length > 0) {
      setMissing(true);
      if (wrong !== undefined) document.querySelector<HTMLElement>(`[data-raise="${wrong}"]`)?.focus();
      return;
    }
    onSave({
      ...target,
      ...raise.limits,
      ...(preview.lowered.length > 0 ? { allowLowering: true } : {}),
      expiresAt: raise.hours === null ? null : inHours(raise.hours, serverNow()),
      reason: reason.trim(),
      ticket: ticket.trim() || null,
    });
  };

  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Stack gap="md">
        <WhatFor {...props} onRestart={raise.restart} />
        <HowFar raise={raise} several={several} missing={missing} />
        {raise.sets && preview !== undefined && (
          <BeforeAfter effects={preview.effects} stale={raise.preview.isFetching} />
        )}
        <Effect preview={preview} stale={raise.preview.isFetching} />
        <Choice
          id="raise-expiry"
          label="Expires after"
          value={raise.expiry}
          onChange={raise.setExpiry}
          data={[...EXPIRIES, ...(base.ceiling.days === null ? [{ label: 'permanent', value: 'permanent' }] : [])]}
        />
        <Confirmations preview={preview} agreed={agreed} onAgree={onAgree} missing={missing} />
        <Why {...{ reason, ticket, missing }} onReason={setReason} onTicket={setTicket} />
        <Ceiling ceiling={base.ceiling} above={raise.above} several={several} />
        {error !== null && <ErrorNote error={error} title="It was not saved" />}
        <Group justify="flex-end" className="sticky-foot">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={saving} color={lowersOnly(preview) ? 'red' : undefined}>
            {raise.above ? 'Ask an admin' : lowersOnly(preview) ? 'Lower' : 'Raise'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Nothing gets higher by it: it is no raise. */
function lowersOnly(preview: Preview | undefined): boolean {
  if (preview === undefined || preview.lowered.length === 0) return false;
  return !preview.effects.some(
    ({ before, after }) => after.perMinute > before.perMinute || after.perHour > before.perHour,
  );
}

type WhatForProps = Pick<RaiseFormProps, 'api' | 'onApi' | 'groups' | 'scopes' | 'scope' | 'onScope'> & {
  readonly onRestart: () => void;
};

function WhatFor({ api, onApi, groups, scopes, scope, onScope, onRestart }: WhatForProps) {
  return (
    <>
      <NativeSelect
        label="API"
        value={api ?? ''}
        onChange={({ currentTarget }) => {
          onRestart();
          onApi(currentTarget.value || undefined);
        }}
        data={[
          { value: '', label: 'All of them' },
          ...groups.map(({ title, apis }) => ({
            group: title,
            items: apis.map((one) => ({ value: one.api, label: one.title })),
          })),
        ]}
      />
      <Radio.Group
        label="For"
        value={scope}
        onChange={(value) => {
          onRestart();
          onScope(value as Scope);
        }}
      >
        <Stack gap={6} mt={4}>
          {scopes.map(({ value, label, about }) => (
            <Radio
              key={value}
              value={value}
              label={label}
              description={about}
              data-autofocus={value === scope || undefined}
            />
          ))}
        </Stack>
      </Radio.Group>
    </>
  );
}

interface WhyProps {
  readonly reason: string;
  readonly ticket: string;
  readonly missing: boolean;
  readonly onReason: (reason: string) => void;
  readonly onTicket: (ticket: string) => void;
}

function Why({ reason, ticket, missing, onReason, onTicket }: WhyProps) {
  return (
    <>
      <Textarea
        label="Reason"
        description="The customer’s words, or what you found. It stays in the history."
        data-raise="reason"
        required
        autosize
        minRows={2}
        maxLength={2_000}
        value={reason}
        onChange={({ currentTarget }) => onReason(currentTarget.value)}
        error={missing && reason.trim() === '' ? 'A reason is needed' : undefined}
      />
      <TextInput
        label="Ticket"
        placeholder="SUP-1234"
        maxLength={128}
        value={ticket}
        onChange={({ currentTarget }) => onTicket(currentTarget.value)}
      />
    </>
  );
}
