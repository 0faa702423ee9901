-- An assignment that ended comes back only if the account has no other plan in its remaining time, and within its author's approval limit.
CREATE OR REPLACE FUNCTION rollgate.refuse_second_plan(p_new rollgate.plan_assignment, p_by rollgate.author, p_now timestamptz) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_other rollgate.plan_assignment;
BEGIN
  IF NOT rollgate.unexpired(p_new.ends_at, p_now) THEN
    RETURN;
  END IF;
  PERFORM rollgate.settle_assignment(p_new, p_by, p_now);
  SELECT * INTO v_other FROM rollgate.plan_assignment a
  WHERE a.account = p_new.account AND a.id <> p_new.id AND rollgate.in_force(a.starts_at, a.ends_at, greatest(p_new.starts_at, p_now));
  IF found THEN
    RAISE EXCEPTION 'The account has the plan "%" by the assignment %. End that one first.', v_other.plan, v_other.id
      USING ERRCODE = 'RG409';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_second_plan IS
  'Refuses to bring an assignment back. Errors: RG403 above the approval limit, RG409 the account has another plan';
