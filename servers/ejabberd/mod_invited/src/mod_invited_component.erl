%%% What the daemon's component does on its connections: comes, goes, answers and asks. For all hosts at once.
%%%
%%% All that it sends to HOST/mod_invited is taken in the process of its connection, in the order in which it came, and only there: the
%%% address alone could be written by another component for which ejabberd's check of addresses is off.
-module(mod_invited_component).

-export([component_connected/1, component_disconnected/2, component_send_packet/1, local_packet/1]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(RESOURCE, <<"mod_invited">>).

%% In the process of the component's connection. No other node of a cluster calls these hooks.
component_connected(Component) -> notify_hosts(Component, {connected, self()}).

component_disconnected(Component, _Reason) -> notify_hosts(Component, {disconnected, self()}).

notify_hosts(Component, Message) ->
    lists:foreach(
      fun(Host) ->
              case gen_mod:is_loaded(Host, mod_invited) andalso mod_invited:component(Host) =:= Component of
                  true ->
                      gen_server:cast(mod_invited_question:name(Host), Message),
                      notify_other_nodes(Host, Message);
                  false -> ok
              end
      end, ejabberd_option:hosts()).

notify_other_nodes(Host, Message) ->
    lists:foreach(fun(Node) -> gen_server:cast({mod_invited_question:name(Host), Node}, Message) end, ejabberd_cluster:get_nodes() -- [node()]).

%% In the process of a component's connection. A crash would have ejabberd log the stanza.
component_send_packet({#iq{to = #jid{luser = <<>>, lserver = Host, lresource = ?RESOURCE}} = IQ, Stream} = Acc) ->
    case gen_mod:is_loaded(Host, mod_invited) of
        true ->
            try take(Host, IQ, Stream) of
                Next -> {stop, {drop, Next}}
            catch _:_ ->
                    ?ERROR_MSG("What a component sent to ~ts could not be read", [Host]),
                    {stop, {drop, Stream}}
            end;
        false -> Acc
    end;
component_send_packet(Acc) -> Acc.

take(Host, #iq{type = Type, from = #jid{luser = Local, lserver = Sender, lresource = Resource}} = IQ, Stream) ->
    Component = mod_invited:component(Host),
    IsDaemon = {Local, Sender, Resource} =:= {<<>>, Component, <<>>} andalso lists:member(Component, maps:get(routes, Stream, [])),
    if IsDaemon, Type =:= result orelse Type =:= error -> answered(Host, IQ), Stream;
       IsDaemon -> requested(Host, IQ), Stream;
       Type =:= get; Type =:= set -> ejabberd_service:send(Stream, mod_invited_service:forbidden(IQ));
       true -> Stream
    end.

answered(Host, #iq{id = Id} = IQ) ->
    Answer = answer(IQ),
    case mod_invited_question:answered(Host, Id, Answer) of
        ok -> ok;
        unknown -> notify_other_nodes(Host, {answered, Id, Answer})
    end.

answer(#iq{type = result, sub_els = Elements}) ->
    {result, case Elements of
                 [El | _] -> xmpp:encode(El);
                 [] -> undefined
             end};
answer(#iq{type = error} = IQ) ->
    case xmpp:get_error(IQ) of
        #stanza_error{type = Type, reason = Reason, text = Text} when is_atom(Reason) -> {error, Type, Reason, xmpp:get_text(Text)};
        #stanza_error{type = Type} -> {error, Type, 'undefined-condition', <<>>};
        undefined -> {error, cancel, 'undefined-condition', <<>>}
    end.

requested(Host, #iq{sub_els = Elements} = IQ) ->
    case [xmpp:encode(El) || El <- Elements] of
        [#xmlel{name = <<"settings">>} = Settings] when IQ#iq.type =:= set ->
            gen_server:cast(mod_invited_question:name(Host), {settings, IQ#iq{sub_els = [Settings]}});
        [El] -> mod_invited_service:serve(Host, IQ#iq{sub_els = [El]});
        _ -> mod_invited_service:reply_error(IQ, {modify, 'bad-request', <<>>})
    end.

%% What others send to the module's address: users, other servers.
local_packet(#iq{type = Type, to = #jid{lresource = ?RESOURCE}} = IQ) when Type =:= get; Type =:= set ->
    ejabberd_router:route(mod_invited_service:forbidden(IQ)),
    stop;
local_packet(_) -> ok.
