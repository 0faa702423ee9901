import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../../api/client.js';
import { approveRequest, declineRequest, type LimitRequest } from '../../data/requests.js';
import { useSession } from '../../data/session.js';
import { serverNow } from '../../lib/clock.js';
import { inHours, named, scopeText } from '../../lib/format.js';
import { Choice, FactorField, LimitFields, ReasonField, type Typed, typedLimits } from '../../ui/forms.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';

export interface DecideDialogProps {
  readonly request: LimitRequest;
  readonly what: 'approve' | 'decline';
  readonly onClose: () => void;
  /** It is decided now, by us or by somebody faster. */
  readonly onDone: () => void;
}

export function DecideDialog({ request, what, onClose, onDone }: DecideDialogProps) {
  const { ceilings } = useSession();
  const [minute, setMinute] = useState<Typed>(request.perMinute ?? '');
  const [hour, setHour] = useState<Typed>(request.perHour ?? '');
  const [factor, setFactor] = useState<Typed>(request.factor ?? '');
  const [expiry, setExpiry] = useState(request.pastDue ? '24' : 'wanted');
  const [answer, setAnswer] = useState('');
  const [missing, setMissing] = useState(false);
  const approving = what === 'approve';
  const decide = useMutation({
    mutationFn: (allowLowering: boolean) =>
      approving
        ? approveRequest(request, {
            ...(request.factor === null ? typedLimits({ minute, hour }) : { factor: Number(factor) }),
            allowLowering,
            ...(expiry === 'wanted'
              ? {}
              : { expiresAt: expiry === 'permanent' ? null : inHours(Number(expiry), serverNow()) }),
            answer: answer.trim() || null,
          })
        : declineRequest(request, answer.trim()),
    onSuccess: ({ request: { id, overrideId } }) => {
      notifications.show({
        color: approving ? 'green' : 'gray',
        title: approving ? `${id} approved` : `${id} declined`,
        message: approving ? `In force within 2 s as ${overrideId}.` : 'The customer reads your reason.',
      });
      onDone();
    },
  });
  const lowering = loweringOf(decide.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!approving && answer.trim() === '') setMissing(true);
    else decide.mutate(false);
  };
  return (
    <Dialog title={`${approving ? 'Approve' : 'Decline'} ${request.id}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">
            {named(request.account)}: {scopeText(request)}
          </Text>
          {approving && (
            <>
              {request.factor === null ? (
                <LimitFields
                  minute={minute}
                  hour={hour}
                  onMinute={setMinute}
                  onHour={setHour}
                  empty="as it is in force"
                />
              ) : (
                <FactorField value={factor} onChange={setFactor} />
              )}
              <Choice
                id="approve-expiry"
                label="Ends after"
                value={expiry}
                onChange={setExpiry}
                data={[
                  ...(request.pastDue ? [] : [{ label: 'as wanted', value: 'wanted' }]),
                  { label: '24 h', value: '24' },
                  { label: '7 d', value: '168' },
                  { label: '30 d', value: '720' },
                  ...(ceilings?.days === null ? [{ label: 'permanent', value: 'permanent' }] : []),
                ]}
              />
              <Textarea
                label="Answer"
                description="The customer reads it; it may be left out."
                autosize
                data-autofocus
                maxLength={2_000}
                value={answer}
                onChange={({ currentTarget }) => setAnswer(currentTarget.value)}
              />
            </>
          )}
          {!approving && (
            <ReasonField
              value={answer}
              onChange={setAnswer}
              missing={missing}
              autoFocus
              description="The customer reads it: say what would help instead."
            />
          )}
          {lowering !== undefined && (
            <LoweringNote items={lowering} saving={decide.isPending} onLower={() => decide.mutate(true)} />
          )}
          {decide.error !== null && lowering === undefined && <Conflict error={decide.error} onDone={onDone} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={decide.isPending}>
              {approving ? 'Approve' : 'Decline'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function Conflict({ error, onDone }: { error: Error; onDone: () => void }) {
  const faster = error instanceof ApiError && (error.status === 409 || error.status === 412);
  if (!faster) return <ErrorNote error={error} title="It was not decided" />;
  return (
    <Alert color="orange" title="Somebody was faster" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error.message} Nothing of yours was saved.</Text>
        <Button size="compact-sm" variant="default" onClick={onDone}>
          See how it stands
        </Button>
      </Stack>
    </Alert>
  );
}
