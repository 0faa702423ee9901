/** The change to try: a default, a plan or an override, with its new limits. */
import { Button, Group, NativeSelect, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { named, utc } from '../../lib/format.js';
import { Choice, FactorField, LimitFields } from '../../ui/forms.js';
import { PlanLimitRows } from '../../ui/plan-limit-rows.js';
import type { Kind } from './question.js';
import { type WhatIfForm as Form, kindOfLimits, useWhatIfForm } from './use-what-if-form.js';
import type { WhatIfScreen } from './use-what-if-screen.js';

export function WhatIfForm({ screen }: { screen: WhatIfScreen }) {
  const form = useWhatIfForm(screen);
  const { values, set, submit, mayReadPlans } = form;
  return (
    <form onSubmit={submit} noValidate aria-label="Change">
      <Stack>
        <Choice
          id="change"
          label="Change"
          value={values.change}
          onChange={(change) => set({ change: change as Kind })}
          data={[
            { value: 'default', label: 'Default' },
            ...(mayReadPlans ? [{ value: 'plan', label: 'Plan' }] : []),
            { value: 'override', label: 'Override' },
          ]}
        />
        {values.change === 'plan' ? <PlanFields form={form} /> : <ScopedFields form={form} />}
        <Group align="flex-end">
          <Span form={form} />
          <Button type="submit">Show the effect</Button>
        </Group>
      </Stack>
    </form>
  );
}

function ScopedFields({ form }: { form: Form }) {
  const { values, set, override } = form;
  const isOverride = values.change === 'override';
  const kind = kindOfLimits(values);
  const isStored = isOverride && override !== undefined;
  return (
    <>
      {isStored ? <Text size="sm">Override {override}, with other limits.</Text> : <Scope form={form} />}
      {kind === 'limits' && (
        <LimitFields
          minute={values.minute}
          hour={values.hour}
          onMinute={(minute) => set({ minute })}
          onHour={(hour) => set({ hour })}
          empty="Unchanged"
        />
      )}
      {isOverride && kind !== 'extra' && (
        <FactorField
          label="Or a multiple of each API’s default"
          value={values.factor}
          onChange={(factor) => set({ factor })}
        />
      )}
      {isOverride && kind !== 'factor' && <ExtraFields form={form} />}
    </>
  );
}

function ExtraFields({ form: { values, set } }: { form: Form }) {
  const same = {
    min: 1,
    allowDecimal: false,
    allowNegative: false,
    thousandSeparator: ',',
    placeholder: 'None',
  } as const;
  return (
    <Group grow align="flex-start">
      <NumberInput
        {...same}
        label="Or extra units in any 60 s"
        value={values.extraMinute}
        onChange={(extraMinute) => set({ extraMinute })}
      />
      <NumberInput
        {...same}
        label="Extra units in any hour"
        value={values.extraHour}
        onChange={(extraHour) => set({ extraHour })}
      />
    </Group>
  );
}

function Scope({ form: { values, set, groups, dimensions } }: { form: Form }) {
  const isOverride = values.change === 'override';
  return (
    <Group grow align="flex-start">
      {isOverride && (
        <TextInput
          label="Account"
          required
          value={values.account}
          onChange={({ currentTarget }) => set({ account: currentTarget.value })}
        />
      )}
      <Select
        label="API or API group"
        searchable
        allowDeselect={false}
        placeholder="Choose"
        data={[
          ...(isOverride ? [{ value: '', label: 'All APIs' }] : []),
          ...groups.map(({ group, title }) => ({ value: `group:${group}`, label: `API group ${title}` })),
          ...groups.flatMap(({ apis }) => apis.map(({ api, title }) => ({ value: `api:${api}`, label: title }))),
        ]}
        value={values.scope === '' && !isOverride ? null : values.scope}
        onChange={(scope) => set({ scope: scope ?? '', values: {} })}
      />
      {isOverride &&
        dimensions.map((name) => (
          <TextInput
            key={name}
            label={`Only ${name.replaceAll('_', ' ')}`}
            placeholder="Any"
            value={values.values[name] ?? ''}
            onChange={({ currentTarget }) => set({ values: { ...values.values, [name]: currentTarget.value } })}
          />
        ))}
    </Group>
  );
}

function PlanFields({ form: { values, set, plans, limits } }: { form: Form }) {
  return (
    <>
      <NativeSelect
        label="Plan"
        value={values.plan}
        onChange={({ currentTarget }) => {
          set({ plan: currentTarget.value });
          limits.setLimits(plans.find(({ id }) => id === currentTarget.value)?.limits ?? []);
        }}
        data={[{ value: '', label: 'Choose' }, ...plans.map(({ id, title }) => ({ value: id, label: named(title) }))]}
      />
      {values.plan !== '' && <PlanLimitRows {...limits} />}
    </>
  );
}

const SPANS = [
  { value: '', label: 'The last 24 hours' },
  { value: '6', label: 'The last 6 hours' },
  { value: '1', label: 'The last hour' },
];

function Span({ form: { values, set } }: { form: Form }) {
  const isTime = values.span !== '' && !/^\d+$/.test(values.span);
  return (
    <NativeSelect
      label="Calls of"
      value={values.span}
      onChange={({ currentTarget }) => set({ span: currentTarget.value })}
      data={[...SPANS, ...(isTime ? [{ value: values.span, label: `The time since ${timeText(values.span)}` }] : [])]}
    />
  );
}

const timeText = (time: string): string => (Number.isNaN(Date.parse(time)) ? time : utc(time));
