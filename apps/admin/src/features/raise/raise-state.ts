/** What the form has typed, and the override it makes of it. */
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type NewOverride, type Preview, previewQuery, type Question } from '../../data/overrides.js';
import { serverNow } from '../../lib/clock.js';
import { inHours } from '../../lib/format.js';
import type { Typed } from '../../ui/forms.js';
import { aboveCeiling } from './effect.js';

export const PRESETS = [2, 5, 10] as const;

/** How a raise says how far: times each API's default, or limits. */
export type Setting = 'factor' | 'limits';

export interface RaiseInput {
  readonly target: Question;
  /** The limits in force in the scope, and the APIs that an override of the scope would govern. */
  readonly base: Preview;
  /** The scope holds several APIs. */
  readonly several: boolean;
}

/** Typed values; undefined: as the preset has it. Empty: it stays as it is in force. */
export function useRaise({ target, base, several }: RaiseInput) {
  const [chosen, setChosen] = useState<Setting>('factor');
  const [times, setTimes] = useState<Typed>();
  const [minute, setMinute] = useState<Typed | undefined>();
  const [hour, setHour] = useState<Typed | undefined>();
  const [expiry, setExpiry] = useState('24');
  const setting: Setting = several ? chosen : 'limits';
  const factor = times ?? firstRaise(base, several);
  const from = { perMinute: startOf(base, 'perMinute'), perHour: startOf(base, 'perHour') };
  const shown = {
    minute: minute ?? (several ? '' : from.perMinute * Number(factor)),
    hour: hour ?? (several ? '' : from.perHour * Number(factor)),
  };
  const limits: Pick<NewOverride, 'factor' | 'perMinute' | 'perHour'> =
    setting === 'factor'
      ? factor === '' || Number(factor) <= 0
        ? {}
        : { factor: Number(factor) }
      : {
          ...(shown.minute === '' ? {} : { perMinute: Number(shown.minute) }),
          ...(shown.hour === '' ? {} : { perHour: Number(shown.hour) }),
        };
  const hours = expiry === 'permanent' ? null : Number(expiry);
  const expiresAt = useMemo(() => (hours === null ? null : inHours(hours, serverNow())), [hours]);
  const [asked] = useDebouncedValue({ ...target, ...limits, expiresAt }, 200);
  const preview = useQuery(previewQuery(asked));
  return {
    setting,
    setSetting: setChosen,
    factor,
    shown,
    setMinute,
    setHour,
    /** A preset was chosen. */
    setTimes: (value: Typed) => {
      setTimes(value);
      setMinute(undefined);
      setHour(undefined);
    },
    preset: minute === undefined && hour === undefined ? String(factor) : '',
    /** Another scope: its own defaults apply. */
    restart: () => {
      setTimes(undefined);
      setMinute(undefined);
      setHour(undefined);
    },
    expiry,
    setExpiry,
    hours,
    limits,
    sets: Object.keys(limits).length > 0,
    preview,
    above: aboveCeiling(base.ceiling, { ...limits, hours }),
  };
}

export type Raise = ReturnType<typeof useRaise>;

/** What a single API's raise starts from: what is in force, or the default where that blocks. */
function startOf({ inForce, default: byDefault }: Preview, window: 'perMinute' | 'perHour'): number {
  return inForce?.[window] || byDefault[window];
}

/** The first preset that lowers nothing: above the factor that the APIs have already, where there is one. */
function firstRaise({ effects }: Preview, several: boolean): number {
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
