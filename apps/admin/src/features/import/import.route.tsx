/** Imports overrides from a CSV file: a dry run shows what each row makes and lowers, then all of it is made, or none. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { many } from '../../lib/format.js';
import { ButtonLink } from '../../ui/links.js';
import { ErrorNote } from '../../ui/notes.js';
import { Page, Panel } from '../../ui/page.js';
import { ImportForm } from './import-form.js';
import { ErrorsTable, RowsTable } from './import-tables.js';
import { type ImportScreen, useImportScreen } from './use-import-screen.js';

export function ImportRoute() {
  const screen = useImportScreen();
  const { checked, made, failure } = screen;
  return (
    <Page
      title="Import overrides"
      about="All rows of a CSV file, or none. The history shows them as one batch, which can be undone."
      actions={
        <ButtonLink to="/overrides" search={{}} variant="default">
          Back to overrides
        </ButtonLink>
      }
    >
      {made === undefined ? <ImportForm screen={screen} /> : <Made screen={screen} />}
      {failure !== null && <ErrorNote error={failure} title="Nothing was imported" />}
      {made === undefined && checked !== undefined && <Checked screen={screen} />}
    </Page>
  );
}

/** What the dry run found. */
function Checked({ screen: { checked } }: { screen: ImportScreen }) {
  if (checked === undefined) return null;
  const { items, errors, totals } = checked;
  return (
    <>
      {errors.length > 0 && (
        <Panel title={`${many(errors.length, 'error')} in ${many(totals.rows, 'row')}`} flush>
          <ErrorsTable errors={errors} />
        </Panel>
      )}
      {items.length > 0 && (
        <Panel title={`${many(items.length, 'override')} for ${many(totals.accounts, 'account')}`} flush>
          <RowsTable items={items} />
        </Panel>
      )}
    </>
  );
}

function Made({ screen: { made, restart } }: { screen: ImportScreen }) {
  if (made === undefined) return null;
  const { batch, items, totals } = made;
  return (
    <Alert color="green" role="status" title={`${many(items.length, 'override')} imported`}>
      <Stack gap="sm">
        <Text size="sm">
          They are in force on every instance within 2 s, for {many(totals.accounts, 'account')}.{' '}
          {totals.lowering > 0 && `${many(totals.lowering, 'override')} lowered a limit. `}
          The history shows them as {batch}.
        </Text>
        <Group gap="xs">
          <ButtonLink to="/history" search={{ batch: batch ?? '' }} size="compact-sm">
            Show in history
          </ButtonLink>
          <Button size="compact-sm" variant="default" onClick={restart}>
            Import another file
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
