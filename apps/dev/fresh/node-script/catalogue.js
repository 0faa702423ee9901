const { Catalogue } = require('@rollgate/contract');

exports.catalogue = new Catalogue([
  {
    id: 'invoices',
    title: 'Invoices',
    level: ['account'],
    limits: { perMinute: 60, perHour: 1800 },
    apis: [{ id: 'send-invoice', title: 'Send an invoice', level: ['invoice'], limits: { perMinute: 3, perHour: 10 } }],
  },
]);
