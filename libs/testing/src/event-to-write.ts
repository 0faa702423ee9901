/** The fields of a limit event, as `rollgate.write_events` takes them. */
export type EventToWrite = Readonly<Record<string, unknown>> & { readonly id: string; readonly first_ms: number };

/** An event as an instance would write it. The default is one denied call in the minute window. */
export function eventToWrite(changes: EventToWrite): EventToWrite {
  return {
    kind: 'denied',
    account: 'acme',
    api: 'publish-bot',
    group_id: 'bot-definition',
    level: ['bot'],
    subject: 'acme/publish-bot/bot=b',
    lane: null,
    dimensions: { bot: 'b' },
    window_name: 'minute',
    per_minute: 60,
    per_hour: 1800,
    used: 60,
    cost: 1,
    source: 'default',
    policy_version: 1,
    mode: 'enforced',
    last_ms: changes.first_ms,
    count: 1,
    units: 1,
    instance: 'test:1',
    route: null,
    request_id: null,
    retry_ms: changes.first_ms + 1000,
    merged: 'second',
    ...changes,
  };
}
