import { Anchor, Button, Code, FileInput, Group, Stack, Text } from '@mantine/core';
import { count, many } from '../../lib/format.js';
import { ReasonField, TicketField } from '../../ui/forms.js';
import { ConfirmBox } from '../../ui/lowering.js';
import { Panel } from '../../ui/page.js';
import { type ImportScreen, TEMPLATE } from './use-import-screen.js';

export function ImportForm({ screen }: { screen: ImportScreen }) {
  const { file, choose, reason, setReason, ticket, setTicket, check, apply, checked, ready } = screen;
  return (
    <Panel>
      <form onSubmit={screen.submit} noValidate>
        <Stack>
          <FileInput
            label="CSV file"
            description="UTF-8 with commas and a line of column names; at most 10,000 rows and 5 MB."
            placeholder="Choose a file"
            accept=".csv,text/csv"
            clearable
            clearButtonProps={{ 'aria-label': 'Remove the file' }}
            value={file}
            onChange={choose}
            error={screen.fileError}
          />
          <Columns />
          <ReasonField
            value={reason}
            onChange={setReason}
            required={false}
            missing={false}
            description="For the rows that have no reason of their own. It is recorded in the history."
          />
          <TicketField value={ticket} onChange={setTicket} />
          {checked !== undefined && checked.totals.lowering > 0 && <Lowering screen={screen} />}
          <Group justify="flex-end">
            <Button
              type="submit"
              variant={ready ? 'default' : 'filled'}
              loading={check.isPending}
              disabled={file === null}
            >
              Check the file
            </Button>
            {ready && (
              <Button loading={apply.isPending} onClick={screen.importNow}>
                Import {many(checked?.items.length ?? 0, 'override')}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function Lowering({ screen: { checked, confirmed, setConfirmed, tried } }: { screen: ImportScreen }) {
  const lowering = checked?.totals.lowering ?? 0;
  const which = lowering === 1 ? 'One of these overrides lowers' : `${count(lowering)} of these overrides lower`;
  return (
    <ConfirmBox
      title={`${which} limits that are in force`}
      label="Lower these limits"
      confirmed={confirmed}
      onConfirm={setConfirmed}
      missing={tried}
    >
      <Text size="sm">The table below shows each limit that falls.</Text>
    </ConfirmBox>
  );
}

/** The columns of a file, with one to start from. */
function Columns() {
  return (
    <Text size="sm" c="dimmed">
      Columns: <Code>account</Code> (<Code>*</Code> and <Code>?</Code> match the accounts known now), <Code>group</Code>{' '}
      or <Code>api</Code>, <Code>dimensions</Code>, <Code>per_minute</Code>, <Code>per_hour</Code>, <Code>factor</Code>,{' '}
      <Code>extra_minute</Code>, <Code>extra_hour</Code>, <Code>mode</Code>, <Code>starts_at</Code>,{' '}
      <Code>expires_at</Code>, <Code>reason</Code>, <Code>ticket</Code>, <Code>allow_lowering</Code>.{' '}
      <Code>account</Code> and <Code>expires_at</Code> (a time, a delay such as 30d, or never) are required.{' '}
      <Anchor inherit underline="always" href={TEMPLATE} download="overrides.csv">
        Download a file to start from
      </Anchor>
    </Text>
  );
}
