-- The lengths of what requests take that are longer than usual: the others are counted by their number.
CREATE INDEX pending_by_length ON pending_requests
    (octet_length(url), octet_length(params), octet_length(last_error))
    WHERE octet_length(url) + octet_length(params) > 512;
