CREATE OR REPLACE FUNCTION rollgate.refuse_internal(p_account text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF rollgate.is_internal(p_account) THEN
    RAISE EXCEPTION 'The account % belongs to Rollgate itself: the limits on sign-in are settings of the service.', p_account
      USING ERRCODE = 'RG422';
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.refuse_internal IS 'Refuses (RG422) a custom limit of the account under which Rollgate limits its own sign-in';
