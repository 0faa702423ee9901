/** What is typed in the form, and the override that results from it. */
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type NewOverride, type Preview, previewQuery, type Question } from '../../data/overrides.js';
import { expiresAtOf, NEVER } from '../../ui/expiry-choice.js';
import { type Typed, typedExtra, typedLimits } from '../../ui/forms.js';
import { isAboveApprovalLimit, isAboveInEffect } from './approval-limit.js';

export const PRESETS = [2, 5, 10] as const;

/** What is set: a multiple of each API's default, limits, or units added to the limits that apply without them. */
export type Setting = 'factor' | 'limits' | 'extra';

/** Extra units are for an emergency, so they end soon. */
const FIRST_EXPIRY = { factor: '24', limits: '24', extra: '1' } as const;

export interface RaiseInput {
  readonly target: Question;
  /** The limits in force in the scope, and the APIs that an override of the scope would govern. */
  readonly base: Preview;
  /** The scope holds several APIs. */
  readonly several: boolean;
}

export function useRaise({ target, base, several }: RaiseInput) {
  const [chosen, setChosen] = useState<Setting>('factor');
  const [expiry, setExpiry] = useState<string>(FIRST_EXPIRY[chosen]);
  const extra = useTypedExtra();
  const { factor, shown, ...typed } = useTypedLimits(base, several);
  const setting: Setting = several || chosen === 'extra' ? chosen : 'limits';
  const limits = {
    factor: () => typedFactor(factor),
    limits: () => typedLimits(shown),
    extra: () => typedExtra(extra),
  }[setting]();
  const hours = expiry === NEVER ? null : Number(expiry);
  // The time is fixed when the duration is chosen: a preview with a new time would be a new query each second.
  const expiresAt = useMemo(() => expiresAtOf(expiry), [expiry]);
  const [question] = useDebouncedValue({ ...target, ...limits, expiresAt }, 200);
  const preview = useQuery(previewQuery(question));
  return {
    ...typed,
    setting,
    setSetting: (next: Setting) => {
      setChosen(next);
      setExpiry(FIRST_EXPIRY[next]);
    },
    extra,
    factor,
    shown,
    expiry,
    setExpiry,
    limits,
    /** At least one limit is given. */
    sets: Object.keys(limits).length > 0,
    preview,
    above:
      isAboveApprovalLimit(base.ceiling, { ...limits, hours }) ||
      (setting === 'extra' && isAboveInEffect(base.ceiling, preview.data)),
  };
}

export type Raise = ReturnType<typeof useRaise>;

/** The typed values. undefined: the value follows the preset. An empty field: that window keeps its current limit. */
function useTypedLimits(base: Preview, several: boolean) {
  const [times, setTimes] = useState<Typed>();
  const [minute, setMinute] = useState<Typed | undefined>();
  const [hour, setHour] = useState<Typed | undefined>();
  const factor = times ?? firstPreset(base, several);
  const shownOf = (typed: Typed | undefined, window: 'perMinute' | 'perHour') =>
    typed ?? (several ? '' : startOf(base, window) * Number(factor));
  const start = (preset: Typed | undefined) => {
    setTimes(preset);
    setMinute(undefined);
    setHour(undefined);
  };
  return {
    factor,
    shown: { minute: shownOf(minute, 'perMinute'), hour: shownOf(hour, 'perHour') },
    setMinute,
    setHour,
    preset: minute === undefined && hour === undefined ? String(factor) : '',
    setTimes: (value: Typed) => start(value),
    /** Another scope was chosen: its own defaults apply. */
    restart: () => start(undefined),
  };
}

function useTypedExtra() {
  const [minute, onMinute] = useState<Typed>('');
  const [hour, onHour] = useState<Typed>('');
  return { minute, hour, onMinute, onHour };
}

function typedFactor(factor: Typed): Pick<NewOverride, 'factor'> {
  return factor === '' || Number(factor) <= 0 ? {} : { factor: Number(factor) };
}

/** What the presets of a single API multiply: the limit in force, or the default if that blocks. */
function startOf({ inForce, default: byDefault }: Preview, window: 'perMinute' | 'perHour'): number {
  return inForce?.[window] || byDefault[window];
}

/** The first preset that lowers no limit: it is above the multiple that the APIs already have. */
function firstPreset({ effects }: Preview, several: boolean): number {
  if (!several) return PRESETS[0];
  const ratios = effects
    .filter(({ governs }) => governs)
    .flatMap(({ before, default: byDefault }) => [
      before.perMinute / (byDefault.perMinute || 1),
      before.perHour / (byDefault.perHour || 1),
    ]);
  const highest = Math.max(1, ...ratios);
  return PRESETS.find((preset) => preset > highest) ?? Math.ceil(highest * 2);
}
