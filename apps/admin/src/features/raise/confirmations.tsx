/** What a person confirms before a raise is saved: limits that fall, and an account without traffic on record. */
import { Text } from '@mantine/core';
import { useState } from 'react';
import type { Preview } from '../../data/overrides.js';
import { TextLink } from '../../ui/links.js';
import { ConfirmBox, LoweringList } from '../../ui/lowering.js';

export interface ConfirmationsProps {
  readonly preview: Preview | undefined;
  /** What was agreed to; another preview needs another agreement. */
  readonly agreed: ReadonlySet<string>;
  readonly onAgree: (key: string, agreed: boolean) => void;
  readonly missing: boolean;
}

/** What a person has to confirm before the previewed change is saved. */
export function keysOf(preview: Preview | undefined): string[] {
  if (preview === undefined) return [];
  const lowered = preview.lowered.map(({ text }) => text).join();
  return [...(lowered === '' ? [] : [lowered]), ...preview.warnings.map(({ message }) => message)];
}

export function useAgreement() {
  const [agreed, setAgreed] = useState<ReadonlySet<string>>(new Set());
  const onAgree = (key: string, agrees: boolean) => {
    const next = new Set(agreed);
    if (agrees) next.add(key);
    else next.delete(key);
    setAgreed(next);
  };
  return { agreed, onAgree };
}

export function Confirmations({ preview, agreed, onAgree, missing }: ConfirmationsProps) {
  if (preview === undefined) return null;
  const lowered = preview.lowered.map(({ text }) => text).join();
  return (
    <>
      {preview.warnings.map(({ message, near }) => (
        <ConfirmBox
          key={message}
          title="An account without any traffic"
          label="The account’s name is right"
          confirmed={agreed.has(message)}
          onConfirm={(agrees) => onAgree(message, agrees)}
          missing={missing}
        >
          <Text size="sm">{message}</Text>
          {near.map((name) => (
            <TextLink key={name} to="." search={(now) => ({ ...now, raise: name })}>
              Raise a limit of {name} instead
            </TextLink>
          ))}
        </ConfirmBox>
      ))}
      {preview.lowered.length > 0 && (
        <ConfirmBox
          title="This lowers limits that are in force"
          label="Lower them"
          confirmed={agreed.has(lowered)}
          onConfirm={(agrees) => onAgree(lowered, agrees)}
          missing={missing}
        >
          <LoweringList items={preview.lowered} />
        </ConfirmBox>
      )}
    </>
  );
}
