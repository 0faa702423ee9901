import { Stack, Text, Textarea } from '@mantine/core';
import type { LimitRequest } from '../../data/requests.js';
import { useSession } from '../../data/session.js';
import { named, scopeText } from '../../lib/format.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { ExpiryChoice } from '../../ui/expiry-choice.js';
import { FactorField, LimitFields, ReasonField } from '../../ui/forms.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { ConflictNote, ErrorNote, isConflict } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { AS_REQUESTED, type DecisionForm, useDecision } from './use-decision.js';
import type { Decision } from './use-requests-screen.js';

export interface DecideDialogProps {
  readonly request: LimitRequest;
  readonly decision: Decision;
  readonly onClose: () => void;
  /** The request has been decided, by this person or by another one. */
  readonly onDone: () => void;
}

export function DecideDialog({ request, decision, onClose, onDone }: DecideDialogProps) {
  const form = useDecision({ request, decision, onDone });
  const { decide, submit } = form;
  const lowering = loweringOf(decide.error);
  const verb = decision === 'approve' ? 'Approve' : 'Decline';
  return (
    <Dialog title={`${verb} limit request ${request.id}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">
            {named(request.account)}: {scopeText(request)}
          </Text>
          {decision === 'approve' ? (
            <ApproveFields form={form} request={request} />
          ) : (
            <ReasonField
              {...form.reason.field}
              autoFocus
              description="The customer can read it. Say what would help instead."
            />
          )}
          {lowering !== undefined && (
            <LoweringNote items={lowering} saving={decide.isPending} onLower={() => decide.mutate(true)} />
          )}
          {lowering === undefined && decide.error !== null && <Refused error={decide.error} onDone={onDone} />}
          <DialogButtons onClose={onClose} submit={verb} saving={decide.isPending} />
        </Stack>
      </form>
    </Dialog>
  );
}

function ApproveFields({ form, request }: { form: DecisionForm; request: LimitRequest }) {
  const { ceilings } = useSession();
  const { limits, factor, expiry, answer } = form;
  return (
    <>
      {request.factor === null ? <LimitFields {...limits} empty="Keep current limit" /> : <FactorField {...factor} />}
      <ExpiryChoice
        {...expiry}
        id="approve-expiry"
        first={request.pastDue ? undefined : { label: 'As requested', value: AS_REQUESTED }}
        hours={[24, 168, 720]}
        mayBeNever={ceilings?.days === null}
      />
      <Textarea
        label="Answer"
        description="Optional. The customer can read it."
        autosize
        data-autofocus
        maxLength={2_000}
        value={answer.value}
        onChange={({ currentTarget }) => answer.onChange(currentTarget.value)}
      />
    </>
  );
}

function Refused({ error, onDone }: { error: Error; onDone: () => void }) {
  if (!isConflict(error)) return <ErrorNote error={error} title="Not saved" />;
  return <ConflictNote title="Already reviewed" action="Show the current state" error={error} onAction={onDone} />;
}
