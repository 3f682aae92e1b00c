from typing import Any

from django.db import models

class TreeForeignKey(models.ForeignKey[Any, Any]): ...

class MPTTModel(models.Model):
    lft: int
    rght: int
    tree_id: int
    level: int

    class Meta:
        abstract = True

    def insert_at(
        self, target: Any, position: str = ..., save: bool = ..., allow_existing_pk: bool = ...
    ) -> None: ...
    def move_to(self, target: Any, position: str = ...) -> None: ...
