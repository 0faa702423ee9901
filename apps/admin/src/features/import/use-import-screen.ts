/** The file, its dry run, and the import. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { importOverrides } from '../../data/imports.js';
import { useReload } from '../../data/reload.js';

/** The same limit as the API's. */
const MOST_BYTES = 5 * 1024 * 1024;

/** A file with the usual columns. */
export const TEMPLATE = `data:text/csv;charset=utf-8,${encodeURIComponent(
  'account,api,per_minute,per_hour,expires_at,reason,ticket\nacme,publish-bot,300,9000,30d,Launch,SUP-1\n',
)}`;

export function useImportScreen() {
  const [file, setFile] = useState<File | null>(null);
  const [reason, setReason] = useState('');
  const [ticket, setTicket] = useState('');
  const [confirmed, setConfirmed] = useState(false);
  const [tried, setTried] = useState(false);
  const { check, apply } = useImportCalls({ reason: reason.trim(), ticket: ticket.trim() });
  const checked = check.data;
  /** A change of the form takes it back to the state before the dry run. */
  const changing =
    <Value>(set: (value: Value) => void) =>
    (value: Value) => {
      set(value);
      check.reset();
      apply.reset();
      setConfirmed(false);
      setTried(false);
    };
  return {
    file,
    choose: changing(setFile),
    reason,
    setReason: changing(setReason),
    ticket,
    setTicket: changing(setTicket),
    confirmed,
    setConfirmed,
    /** The person tried to import without the confirmation. */
    tried,
    check,
    apply,
    checked,
    made: apply.data,
    fileError: check.error instanceof FileError ? check.error.message : undefined,
    failure: apply.error ?? (check.error instanceof FileError ? null : check.error),
    /** The dry run found no error. */
    ready: checked !== undefined && checked.errors.length === 0 && checked.items.length > 0,
    submit: (event: FormEvent) => {
      event.preventDefault();
      if (file !== null) check.mutate(file);
    },
    importNow: () => {
      setTried(true);
      if (file !== null && (confirmed || checked?.totals.lowering === 0))
        apply.mutate({ file, allowLowering: confirmed });
    },
    restart: () => changing(setFile)(null),
  };
}

/** The dry run and the import. `given`: for the rows that have none; empty: not given. */
function useImportCalls(given: { readonly reason: string; readonly ticket: string }) {
  const reload = useReload();
  const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  // What would be lowered is confirmed before the import, so the dry run does not report it as an error.
  const check = useMutation({
    mutationFn: async (file: File) =>
      await importOverrides({ ...body, csv: await textOf(file), dryRun: true, allowLowering: true }),
  });
  const apply = useMutation({
    mutationFn: async ({ file, allowLowering }: { file: File; allowLowering: boolean }) =>
      await importOverrides({ ...body, csv: await textOf(file), ...(allowLowering ? { allowLowering } : {}) }),
    onSuccess: reload,
  });
  return { check, apply };
}

export type ImportScreen = ReturnType<typeof useImportScreen>;

/** The file can't be sent. */
class FileError extends Error {}

async function textOf(file: File): Promise<string> {
  if (file.size > MOST_BYTES) throw new FileError('The file is larger than 5 MB. Import it in parts.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new FileError('The file is not UTF-8. Save it as CSV in UTF-8.');
  }
}
