/** Shows which recorded calls would have been decided differently under other limits. It changes no limit. */
import { ExportCsv } from '../../ui/filters.js';
import { Loaded } from '../../ui/loaded.js';
import { Page, Panel } from '../../ui/page.js';
import { useWhatIfScreen } from './use-what-if-screen.js';
import { WhatIfAnswer } from './what-if-answer.js';
import { WhatIfForm } from './what-if-form.js';

export function WhatIfRoute() {
  const screen = useWhatIfScreen();
  const { question, answer, mayExport } = screen;
  return (
    <Page
      title="What if"
      about="Replays the calls on record under other limits, and changes nothing."
      actions={mayExport && question !== undefined && <ExportCsv path="/admin/api/what-if" query={question} />}
    >
      <Panel>
        <WhatIfForm screen={screen} />
      </Panel>
      {question !== undefined && (
        <Loaded query={answer} rows={6}>
          {(found) => <WhatIfAnswer screen={screen} answer={found} />}
        </Loaded>
      )}
    </Page>
  );
}
