/** What a person must confirm before a custom limit is saved: limits that fall, and an account without traffic. */
import { Text } from '@mantine/core';
import { useState } from 'react';
import type { Preview } from '../../data/overrides.js';
import { SET_CUSTOM_LIMIT, TextLink } from '../../ui/links.js';
import { ConfirmBox, LoweringList, loweringWords } from '../../ui/lowering.js';

export interface ConfirmationsProps {
  readonly preview: Preview | undefined;
  /** The confirmed keys. Another preview has other keys, so it must be confirmed again. */
  readonly confirmed: ReadonlySet<string>;
  readonly onConfirm: (key: string, confirmed: boolean) => void;
  readonly missing: boolean;
}

const loweringKey = ({ lowered }: Preview): string => lowered.map(({ text }) => text).join();

/** The keys of everything that a person must confirm before the previewed change is saved. */
export function confirmationsOf(preview: Preview): string[] {
  const lowering = loweringKey(preview);
  return [...(lowering === '' ? [] : [lowering]), ...preview.warnings.map(({ message }) => message)];
}

export function useConfirmed() {
  const [confirmed, setConfirmed] = useState<ReadonlySet<string>>(new Set());
  const onConfirm = (key: string, isConfirmed: boolean) => {
    const next = new Set(confirmed);
    if (isConfirmed) next.add(key);
    else next.delete(key);
    setConfirmed(next);
  };
  return { confirmed, onConfirm };
}

export function Confirmations({ preview, confirmed, onConfirm, missing }: ConfirmationsProps) {
  if (preview === undefined) return null;
  const lowering = loweringWords(preview.lowered);
  const boxOf = (key: string) => ({
    confirmed: confirmed.has(key),
    onConfirm: (isConfirmed: boolean) => onConfirm(key, isConfirmed),
    missing,
  });
  return (
    <>
      {preview.warnings.map(({ message, near }) => (
        <ConfirmBox
          key={message}
          title="This account has no traffic"
          label="The account name is correct"
          {...boxOf(message)}
        >
          <Text size="sm">{message}</Text>
          {near.map((name) => (
            <TextLink key={name} to="." search={(search) => ({ ...search, raise: name })}>
              {SET_CUSTOM_LIMIT} for {name} instead
            </TextLink>
          ))}
        </ConfirmBox>
      ))}
      {preview.lowered.length > 0 && (
        <ConfirmBox title={lowering.title} label={lowering.confirm} {...boxOf(loweringKey(preview))}>
          <LoweringList items={preview.lowered} />
        </ConfirmBox>
      )}
    </>
  );
}
