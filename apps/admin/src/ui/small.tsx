/** Words, numbers and times that look the same on every screen. */
import { Button, CopyButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useServerNow } from '../lib/clock.js';
import { capital, local, relative, sourceText, utc } from '../lib/format.js';

export type Tone = 'plain' | 'good' | 'info' | 'warn' | 'bad';

export function Tag({ tone = 'plain', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className="tag" data-tone={tone} title={title}>
      {children}
    </span>
  );
}

export function SourceTag({ source }: { source: string }) {
  return <Tag tone={source === 'default' ? 'plain' : 'info'}>{capital(sourceText(source))}</Tag>;
}

/** Calls above the limit are allowed and recorded. */
export function ShadowTag() {
  return <Tag tone="warn">Shadow, not enforced</Tag>;
}

/** The end that a limit request asks for is in the past, so an approval needs another one. */
export function EndPassedTag() {
  return <Tag tone="warn">Requested end has passed</Tag>;
}

/** `3 min ago`; the tooltip has the time in UTC and in the local time zone. */
export function Time({ at }: { at: string | number }) {
  const now = useServerNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={`${utc(at)} · ${local(at)}`} className="number">
      {relative(new Date(at).getTime(), now)}
    </time>
  );
}

/** `expires in 3 h`. `first`: the text begins with it, so it has a capital letter. */
export function Expiry({ at, first = false }: { at: string | null; first?: boolean }) {
  const now = useServerNow();
  const cased = first ? capital : (text: string) => text;
  if (at === null) return <>{cased('never expires')}</>;
  return (
    <>
      {cased(Date.parse(at) <= now ? 'expired' : 'expires')} <Time at={at} />
    </>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="kbd">{children}</kbd>;
}

export function Copy({ value, children }: { value: string; children: ReactNode }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Button size="compact-sm" variant="default" onClick={copy}>
          {copied ? 'Copied ✓' : children}
        </Button>
      )}
    </CopyButton>
  );
}
