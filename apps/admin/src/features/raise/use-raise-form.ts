/** The whole form of a custom limit: limits, reason, ticket and confirmations, and whether it can be saved. */
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Preview } from '../../data/overrides.js';
import { expiresAtOf } from '../../ui/expiry-choice.js';
import { useReason } from '../../ui/forms.js';
import { confirmationsOf, useConfirmed } from './confirmations.js';
import { useRaise } from './use-raise.js';
import type { RaiseScreen } from './use-raise-screen.js';

export function useRaiseForm({ target, several, save }: RaiseScreen, base: Preview) {
  const raise = useRaise({ target, base, several });
  const reason = useReason();
  const [ticket, setTicket] = useState('');
  const [missing, setMissing] = useState(false);
  const { confirmed, onConfirm } = useConfirmed();
  const preview = raise.preview.data;

  // The drawer opens before its form has loaded, so its close button has the focus.
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('input[type="radio"]:checked')?.focus(), []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMissing(true);
    const wrong = !reason.check() ? 'reason' : raise.sets ? undefined : 'limit';
    if (wrong !== undefined) {
      const field = form.current?.querySelector<HTMLElement>(`[data-field="${wrong}"]`);
      field?.focus();
      return;
    }
    if (preview === undefined || confirmationsOf(preview).some((key) => !confirmed.has(key))) return;
    save.mutate({
      ...target,
      ...raise.limits,
      ...(preview.lowered.length > 0 ? { allowLowering: true } : {}),
      expiresAt: expiresAtOf(raise.expiry),
      reason: reason.text,
      ticket: ticket.trim() || null,
    });
  };
  return { form, raise, reason, ticket, setTicket, missing, confirmed, onConfirm, preview, submit };
}
