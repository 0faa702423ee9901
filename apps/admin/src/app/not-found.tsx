import { ButtonLink } from '../ui/links.js';
import { EmptyState } from '../ui/notes.js';
import { Page } from '../ui/page.js';

export function NotFound() {
  return (
    <Page title="No such page">
      <EmptyState why="This address leads nowhere: it may have been cut off when it was copied.">
        <ButtonLink to="/" search={{}}>
          Find an account
        </ButtonLink>
      </EmptyState>
    </Page>
  );
}
