CREATE OR REPLACE VIEW rollgate.reopened_hours AS
SELECT l.hour FROM rollgate.usage_late l
UNION
SELECT r.hour FROM rollgate.roll_up r WHERE r.stage = 'denials' AND r.hour < r.rolled_to;

COMMENT ON VIEW rollgate.reopened_hours IS
  'Hours that were rolled up and whose denials changed since: until they are rolled up again, their denials are read from the events';
