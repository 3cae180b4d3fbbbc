"""The REST face: it parses, calls one service and serialises; nothing else.

How to add routes
-----------------
One module a noun in ``api/routes/``, holding a table named ``routes``; ``api.factory`` finds it there by itself::

    from egovcloud.api.call import Call
    from egovcloud.api.paging import ListParams, Page
    from egovcloud.api.routing import Routes
    from egovcloud.api.schemas import Answer, Body, Id, Name, Patch, Ref, Text
    from egovcloud.services import project as service

    routes = Routes("projects")

    class ProjectCreate(Body):            # strict, extra forbidden; every text and number has bounds
        department_id: Id
        name: Name
        description: Text = ""

    class ProjectView(Answer):
        id: str
        generation: int
        name: str
        department: Ref

    @routes.get("/projects", permission="project:read", listing=service.LISTING)
    def list_projects(call: Call, query: ListParams) -> Page[ProjectView]:
        return Page[ProjectView].of(service.page(call.house, call.actor, query.query()))

    @routes.post("/projects", permission="project:create", status=201)
    def create_project(call: Call, body: ProjectCreate) -> ProjectView:
        return ProjectView.of(service.create(call.house, call.actor, **body.values()))

    class ProjectUpdate(Patch):           # values() holds only what was sent
        name: Name = ""

    @routes.patch("/projects/<project_id>", permission="project:update")
    def update_project(call: Call, project_id: str, body: ProjectUpdate) -> ProjectView:
        return ProjectView.of(service.update(call.house, call.actor, project_id, **body.values()))

* **Who**: ``permission="noun:verb"`` (held anywhere; the service checks where), or ``signed_in=True``, or
  ``public=True``. A route without one of them can't be declared. The docstring's first line is its summary.
* **In**: the annotation of ``body`` is the request model, that of ``query`` the query model (lax, because a query is
  text); ``listing=`` makes the query model from a service's ``Listing``, so that filters and sorts are listed once.
  Every ``<name>`` in the path is an id unless ``paths={"name": "regex"}`` says otherwise; what does not match is 404.
* **Out**: the return annotation is the answer model: an ``Answer``, ``Page[...]``, ``list[...]``, ``None`` (204),
  ``TextAnswer``. ``Answer.of(thing)`` reads attributes of rows, dataclasses or mappings. A view with ``generation``
  gets an ETag. ``status=201`` adds ``Location`` of the new thing (``location="/x/{id}"`` when it isn't under the
  collection); ``status=202`` adds the operation's: return ``OperationView`` (``api.views.operation``).
* **For free**: problem documents in the caller's language, ``Idempotency-Key`` on every POST (``once=False`` to leave
  it off), ``If-Match`` on PATCH, PUT and DELETE (checked by ``unit.about(noun, row)``: name the row that the address
  names, before changing it), CSRF, audit's trace id, OpenAPI with every answer that is possible.
* **In a service** raise the errors of ``egovcloud.domain.errors`` only. Inside a POST with a key the first
  ``house.write`` opens one transaction for the whole request that commits after the answer is rendered: call clouds
  and hash passwords *before* it, and read back through ``house.read``, never through ``house.database`` itself.
"""
