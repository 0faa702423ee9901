import {
  Button,
  Group,
  NativeSelect,
  NumberInput,
  Radio,
  SegmentedControl,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Group as ApiGroup } from '../../data/catalogue.js';
import { type NewOverride, type Preview, previewQuery, type Question } from '../../data/overrides.js';
import { serverNow } from '../../lib/clock.js';
import { inHours } from '../../lib/format.js';
import { ErrorNote } from '../../ui/notes.js';
import { BeforeAfter } from './before-after.js';
import { aboveCeiling, Ceiling, Effect } from './effect.js';
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

const TIMES = [2, 5, 10] as const;
const EXPIRIES = [
  { label: '1 h', value: '1' },
  { label: '24 h', value: '24' },
  { label: '7 d', value: '168' },
  { label: '30 d', value: '720' },
];

/** As typed; undefined: as the preset has it. Empty: the default stays. */
type Typed = number | string | undefined;

export function RaiseForm(props: RaiseFormProps) {
  const { target, scopes, scope, onScope, groups, api, onApi, base, saving, error, onSave, onCancel } = props;
  const [times, setTimes] = useState(2);
  const [minute, setMinute] = useState<Typed>();
  const [hour, setHour] = useState<Typed>();
  const [expiry, setExpiry] = useState('24');
  const [reason, setReason] = useState('');
  const [ticket, setTicket] = useState('');
  const [missing, setMissing] = useState(false);

  const perMinute = limitOf(minute, base.default.perMinute * times);
  const perHour = limitOf(hour, base.default.perHour * times);
  const [asked] = useDebouncedValue({ ...target, perMinute, perHour }, 200);
  const effect = useQuery(previewQuery(asked));
  const hours = expiry === 'permanent' ? null : Number(expiry);
  const above = aboveCeiling(base.ceiling, { perMinute, perHour, hours });
  const preset = minute === undefined && hour === undefined ? String(times) : '';

  // The drawer was there before its form: its close button has the focus.
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('input[type="radio"]:checked')?.focus(), []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() === '' || (perMinute === null && perHour === null)) {
      setMissing(true);
      const wrong = reason.trim() === '' ? 'reason' : 'perMinute';
      document.querySelector<HTMLElement>(`[data-raise="${wrong}"]`)?.focus();
      return;
    }
    onSave({
      ...target,
      perMinute,
      perHour,
      expiresAt: hours === null ? null : inHours(hours, serverNow()),
      reason: reason.trim(),
      ticket: ticket.trim() || null,
    });
  };

  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Stack gap="md">
        <NativeSelect
          label="API"
          value={api ?? ''}
          onChange={({ currentTarget }) => onApi(currentTarget.value || undefined)}
          data={[
            { value: '', label: 'All of them' },
            ...groups.map(({ title, apis }) => ({
              group: title,
              items: apis.map((one) => ({ value: one.api, label: one.title })),
            })),
          ]}
        />
        <Radio.Group label="For" value={scope} onChange={(value) => onScope(value as Scope)}>
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
        <div>
          <Text size="sm" fw={500} id="raise-presets">
            Times the default
          </Text>
          <SegmentedControl
            aria-labelledby="raise-presets"
            fullWidth
            value={preset}
            onChange={(value) => {
              setTimes(Number(value));
              setMinute(undefined);
              setHour(undefined);
            }}
            data={TIMES.map((n) => ({ value: String(n), label: `${n}×` }))}
          />
        </div>
        <Group grow align="flex-start">
          <NumberInput
            label="In any 60 s"
            data-raise="perMinute"
            value={minute ?? perMinute ?? ''}
            onChange={setMinute}
            min={0}
            allowDecimal={false}
            allowNegative={false}
            thousandSeparator=","
            placeholder="default"
            error={missing && perMinute === null && perHour === null ? 'One of the two is needed' : undefined}
          />
          <NumberInput
            label="In any hour"
            value={hour ?? perHour ?? ''}
            onChange={setHour}
            min={0}
            allowDecimal={false}
            allowNegative={false}
            thousandSeparator=","
            placeholder="default"
          />
        </Group>
        <BeforeAfter base={base} perMinute={perMinute} perHour={perHour} />
        <Effect preview={effect.data} stale={effect.isFetching} />
        <div>
          <Text size="sm" fw={500} id="raise-expiry">
            Ends after
          </Text>
          <SegmentedControl
            aria-labelledby="raise-expiry"
            fullWidth
            value={expiry}
            onChange={setExpiry}
            data={[...EXPIRIES, ...(base.ceiling.days === null ? [{ label: 'permanent', value: 'permanent' }] : [])]}
          />
        </div>
        <Textarea
          label="Reason"
          description="The customer’s words, or what you found. It stays in the history."
          data-raise="reason"
          required
          autosize
          minRows={2}
          maxLength={2_000}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          error={missing && reason.trim() === '' ? 'A reason is needed' : undefined}
        />
        <TextInput
          label="Ticket"
          placeholder="SUP-1234"
          maxLength={128}
          value={ticket}
          onChange={({ currentTarget }) => setTicket(currentTarget.value)}
        />
        <Ceiling ceiling={base.ceiling} above={above} />
        {error !== null && <ErrorNote error={error} title="It was not saved" />}
        <Group justify="flex-end" className="sticky-foot">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={saving}>
            {above ? 'Ask an admin' : 'Raise'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function limitOf(typed: Typed, preset: number): number | null {
  if (typed === undefined) return preset;
  return typed === '' ? null : Number(typed);
}
