/** The catalogues with which the service is tested: the sample, and three groups that the service does not know. */
import { type Catalogue, DENIED_MESSAGE } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { OWN_CATALOGUE } from './own-application.js';

/** A subject that a test counts, and what the service must say of its API. */
export interface CountedSubject {
  readonly api: string;
  readonly title: string;
  readonly group: string;
  readonly groupTitle: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** The scope of its key. */
  readonly scope: string;
  readonly perMinute: number;
  readonly message: string;
}

export const CATALOGUE_CASES: readonly (readonly [
  name: string,
  catalogue: Catalogue,
  application: string,
  subjects: readonly CountedSubject[],
])[] = [
  [
    'the sample',
    sampleCatalogue,
    'sample-platform',
    [
      {
        api: 'publish-bot',
        title: sampleCatalogue.get('publish-bot').title,
        group: 'bot-definition',
        groupTitle: sampleCatalogue.get('publish-bot').groupTitle,
        dimensions: { bot: 'b-17' },
        scope: 'publish-bot',
        perMinute: 60,
        message: DENIED_MESSAGE,
      },
    ],
  ],
  [
    'an own catalogue',
    OWN_CATALOGUE,
    'shop',
    [
      {
        api: 'place-order',
        title: 'Place an order',
        group: 'orders',
        groupTitle: 'Orders',
        dimensions: { bot: 'b-17', user: 'ann' },
        scope: 'place-order',
        perMinute: 5,
        message: 'Too many orders. Please wait a moment.',
      },
      {
        api: 'home',
        title: 'Home',
        group: 'pages',
        groupTitle: 'Pages',
        dimensions: { ip: '10.1.2.3' },
        scope: '@pages',
        perMinute: 4,
        message: DENIED_MESSAGE,
      },
      {
        api: 'year-report',
        title: 'Year report',
        group: 'reports',
        groupTitle: 'Reports',
        dimensions: {},
        scope: 'year-report',
        perMinute: 3,
        message: DENIED_MESSAGE,
      },
    ],
  ],
];
