/** Words, numbers and times the same on every screen. */
import { ActionIcon, Button, CopyButton, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { useServerNow } from '../lib/clock.js';
import { count, local, relative, utc } from '../lib/format.js';

export type Tone = 'plain' | 'good' | 'info' | 'warn' | 'bad';

export function Tag({ tone = 'plain', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className="tag" data-tone={tone} title={title}>
      {children}
    </span>
  );
}

/** `3 min ago`; on hover in UTC and as it was here. */
export function Time({ at }: { at: string | number }) {
  const now = useServerNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={`${utc(at)} · ${local(at)} here`} className="number">
      {relative(new Date(at).getTime(), now)}
    </time>
  );
}

export function Expiry({ at }: { at: string | null }) {
  const now = useServerNow();
  if (at === null) return <>permanent</>;
  return (
    <>
      {Date.parse(at) <= now ? 'expired ' : 'expires '}
      <Time at={at} />
    </>
  );
}

export interface LimitsProps {
  readonly perMinute: number | null;
  readonly perHour: number | null;
  /** Times each API's own default, in place of limits. */
  readonly factor?: number | null;
}

/** `60 / 60 s · 1,800 / h`, or `2 × each default`; a window without a limit of its own says so. */
export function Limits({ perMinute, perHour, factor = null }: LimitsProps) {
  if (factor !== null) return <span className="number">{factor} × each default</span>;
  const one = (limit: number | null, window: string) =>
    limit === null ? `default / ${window}` : `${count(limit)} / ${window}`;
  return (
    <span className="number">
      {one(perMinute, '60 s')} · {one(perHour, 'h')}
    </span>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="kbd">{children}</kbd>;
}

export function Copy({ value, label, children }: { value: string; label: string; children?: ReactNode }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) =>
        children === undefined ? (
          <Tooltip label={copied ? 'Copied' : label}>
            <ActionIcon variant="subtle" size="sm" onClick={copy} aria-label={label}>
              {copied ? '✓' : '⧉'}
            </ActionIcon>
          </Tooltip>
        ) : (
          <Button size="compact-sm" variant="default" onClick={copy}>
            {copied ? 'Copied ✓' : children}
          </Button>
        )
      }
    </CopyButton>
  );
}

/** To be read aloud when it changes. */
export function Announce({ children }: { children: ReactNode }) {
  return (
    <span role="status" aria-live="polite">
      {children}
    </span>
  );
}
