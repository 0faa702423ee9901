/** The page of a denial's support link: plain HTML without scripts, with one style; every value is escaped. */
import { createHash } from 'node:crypto';
import { type LimitRequest, visibleText } from '@rollgate/contract';
import type { DeniedCall } from '@rollgate/nestjs';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem; color: #1a1b1e; background: #fff }
  label { display: block; font-weight: 600; margin-top: 1rem } input, textarea { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; border: 1px solid #767b82; border-radius: 4px }
  button { font: inherit; margin-top: 1.5rem; padding: .6rem 1.4rem; border: 0; border-radius: 4px; background: #1864ab; color: #fff }
  dt { font-weight: 600 } dd { margin: 0 0 .5rem } .problem { border-left: 4px solid #c92a2a; padding-left: .8rem }
  @media (prefers-color-scheme: dark) { body { color: #e9ecef; background: #1a1b1e } input, textarea { color: inherit; background: #25262b } }`;

export const CONTENT_SECURITY_POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  `form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

export function formPage(
  { denial, token }: { denial: DeniedCall; token: string },
  { problem, typed = {} }: { problem?: string; typed?: Readonly<Record<string, string>> } = {},
): string {
  const value = (name: string, byDefault: string | number): string => escaped(typed[name] ?? String(byDefault));
  return page(
    'Request a higher rate limit',
    `<h1>Request a higher rate limit</h1>
    ${problem === undefined ? '' : `<p class="problem" role="alert">${escaped(problem)}</p>`}
    ${denied(denial)}
    <form method="post">
      <input type="hidden" name="denial" value="${escaped(token)}">
      <label for="perMinute">Calls in any 60 seconds (now ${denial.perMinute})</label>
      <input id="perMinute" name="perMinute" inputmode="numeric" pattern="[0-9]*" value="${value('perMinute', denial.perMinute * 2)}">
      <label for="perHour">Calls in any hour (now ${denial.perHour})</label>
      <input id="perHour" name="perHour" inputmode="numeric" pattern="[0-9]*" value="${value('perHour', denial.perHour * 2)}">
      <label for="until">Until (leave empty for no end date)</label>
      <input id="until" name="until" type="date" value="${value('until', '')}">
      <label for="reason">Why do you need it?</label>
      <textarea id="reason" name="reason" rows="5" required maxlength="2000">${value('reason', '')}</textarea>
      <button>Send to support</button>
    </form>`,
  );
}

export function statePage(denial: DeniedCall, request: LimitRequest): string {
  const limit = ({ perMinute, perHour, factor }: Omit<NonNullable<LimitRequest['granted']>, 'until'>, open: string) =>
    factor === null
      ? `${perMinute ?? open} in any 60 seconds, ${perHour ?? open} in any hour`
      : `${factor} times the default limits`;
  const states = {
    open: 'Support has your request and will answer it. This page shows the answer.',
    approved: `Approved: ${request.granted === null ? '' : limit(request.granted, 'the default')}, ${
      request.granted?.until == null
        ? 'without an end date'
        : `until ${request.granted.until.slice(0, 16).replace('T', ' ')} UTC`
    }.`,
    declined: 'Declined.',
  };
  return page(
    `Your request ${request.id}`,
    `<h1>Your request ${escaped(request.id)}</h1>
    <p role="status"><strong>${escaped(states[request.state])}</strong></p>
    ${request.answer === null ? '' : `<p>${escaped(request.answer)}</p>`}
    ${denied(denial)}
    <dl><dt>Requested</dt><dd>${escaped(limit(request, 'as it is'))}${
      request.until === null ? ', without an end date' : `, until ${escaped(request.until.slice(0, 10))}`
    }</dd><dt>Because</dt><dd>${escaped(request.reason)}</dd></dl>`,
  );
}

export function problemPage(message: string): string {
  return page('Rate limits', `<h1>Rate limits</h1><p class="problem" role="alert">${escaped(message)}</p>`);
}

function denied({ account, api, dimensions, window, at }: DeniedCall): string {
  const named = Object.entries(dimensions).filter(([name]) => name !== 'account');
  const subject = named.map(([name, value]) => `${name} ${value}`).join(', ');
  return `<dl>
      <dt>Account</dt><dd>${escaped(visibleText(account))}</dd>
      <dt>API</dt><dd>${escaped(api)}${subject === '' ? '' : `, ${escaped(visibleText(subject))}`}</dd>
      <dt>Denied</dt><dd>${escaped(at.slice(0, 19).replace('T', ' '))} UTC by the ${window === 'hour' ? 'hourly limit' : '60 second limit'}</dd>
    </dl>`;
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head><body><main>${body}</main></body></html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
