"""What programs call: the REST interface and the addresses beside it. None of these people knows a secret."""

PROGRAMS = """
                                               nobod guest anoth owner clerk suppo opera finan contr audit root
GET /<machine>/                                404   404   404   404   404   404   404   404   404   404   404
POST /<machine>/                               404   404   404   404   404   404   404   404   404   404   404
PUT /<machine>/                                404   404   404   404   404   404   404   404   404   404   404
PATCH /<machine>/                              404   404   404   404   404   404   404   404   404   404   404
DELETE /<machine>/                             404   404   404   404   404   404   404   404   404   404   404
GET /api/docs/                                 200   200   200   200   200   200   200   200   200   200   200
GET /api/schema/                               200   200   200   200   200   200   200   200   200   200   200
GET /api/v1/auth/devices                       401   401   200   200   200   200   200   200   200   200   200
DELETE /api/v1/auth/devices                    401   401   204+  204+  204+  204+  204+  204+  204+  204+  204+
DELETE /api/v1/auth/devices/<device_id>        401   401   404   204+  404   404   404   404   404   404   404
POST /api/v1/auth/logout                       204+  204+  204+  204+  204+  204+  204+  204+  204+  204+  204+
POST /api/v1/auth/register                     201+  201+  201+  201+  201+  201+  201+  201+  201+  201+  201+
POST /api/v1/auth/token                        200+  200+  200+  200+  200+  200+  200+  200+  200+  200+  200+
POST /api/v1/auth/token/refresh                200+  200+  200+  200+  200+  200+  200+  200+  200+  200+  200+
GET /api/v1/bookings                           401   401   200   200!  200   200   200   200   200   200   200
POST /api/v1/bookings                          401   401   201+  201+  201+  201+  201+  201+  201+  201+  201+
GET /api/v1/bookings/<reference>               401   401   404   200!  404   404   404   404   404   404   404
GET /api/v1/bookings/<reference>/cancellation  401   401   404   200   404   404   404   404   404   404   404
POST /api/v1/bookings/<reference>/cancellation 401   401   404   200!+ 404   404   404   404   404   404   404
POST /api/v1/bookings/<reference>/extend       401   401   404   200!+ 404   404   404   404   404   404   404
PUT /api/v1/bookings/<reference>/passengers    401   401   404   200!+ 404   404   404   404   404   404   404
POST /api/v1/bookings/<reference>/payments     401   401   404   201+  404   404   404   404   404   404   404
GET /api/v1/bookings/<reference>/ticket.ics    401   401   404   200   404   404   404   404   404   404   404
GET /api/v1/bookings/<reference>/ticket.pdf    401   401   404   200   404   404   404   404   404   404   404
GET /api/v1/jobs                               401   401   401   401   401   401   401   401   401   401   401
POST /api/v1/jobs/<name>                       401   401   401   401   401   401   401   401   401   401   401
GET /api/v1/me                                 401   401   200   200   200   200   200   200   200   200   200
POST /api/v1/me/close                          401   401   204+  409   409   409   409   409   409   409   409
GET /api/v1/me/export                          401   401   200   200!  200   200   200   200   200   200   200
GET /api/v1/payments/<payment_id>              401   401   404   200   404   404   404   404   404   404   404
POST /api/v1/payments/<payment_id>/cancel      401   401   404   200+  404   404   404   404   404   404   404
POST /api/v1/payments/<payment_id>/sync        401   401   404   200+  404   404   404   404   404   404   404
GET /api/v1/places                             200   200   200   200   200   200   200   200   200   200   200
GET /api/v1/trips                              200   200   200   200   200   200   200   200   200   200   200
GET /api/v1/trips/<trip_id>                    200   200   200   200   200   200   200   200   200   200   200
GET /api/v1/trips/<trip_id>/seats              200   200   200   200   200   200   200   200   200   200   200
GET /health/live                               200   200   200   200   200   200   200   200   200   200   200
GET /health/ready                              200   200   200   200   200   200   200   200   200   200   200
GET /mails/                                    200   200   200   200   200   200   200   200   200   200   200
GET /metrics                                   200   200   200   200   200   200   200   200   200   200   200
POST /webhooks/flutterwave                     400   400   400   400   400   400   400   400   400   400   400
POST /webhooks/stripe                          400   400   400   400   400   400   400   400   400   400   400
"""
